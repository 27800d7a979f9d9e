/* Names, initials and instants as the page's reader sees them. The rules are those of apps/people and the site's zone. */

const ORDER = { ko: ["ko", "en", "ar"], en: ["en", "ko", "ar"], ar: ["ar", "en", "ko"] };
const AVATAR_COLOURS = 8;
const language = (document.documentElement.lang || "ko").slice(0, 2);
// Digits are Western in every language, so that a dose reads the same.
const locale = language === "ar" ? "ar-u-nu-latn" : language;

export function nameOf(names) {
  for (const code of ORDER[language] ?? ORDER.ko) if (names[code]) return names[code];
  return "";
}

export function initialsOf(name) {
  const words = name.trim().split(/\s+/).filter(Boolean);
  if (!words.length) return "?";
  if (words.length === 1 && /^[\uac00-\ud7a3]/u.test(name)) return name.length > 2 ? name.slice(-2) : name;
  if (words.length === 1) return [...name].slice(0, 2).join("").toUpperCase();
  return ([...words[0]][0] + [...words.at(-1)][0]).toUpperCase();
}

export function colourOf(id) {
  return (id % AVATAR_COLOURS) + 1;
}

export class Clock {
  constructor(zone) {
    const timeZone = zone || undefined;
    this.hours = new Intl.DateTimeFormat(locale, { hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone });
    this.days = new Intl.DateTimeFormat(locale, { month: "long", day: "numeric", weekday: "long", timeZone });
    this.shortDays = new Intl.DateTimeFormat(locale, { month: "long", day: "numeric", timeZone });
    this.keys = new Intl.DateTimeFormat("en-CA", { year: "numeric", month: "2-digit", day: "2-digit", timeZone });
  }

  time(instant) {
    return this.hours.format(new Date(instant));
  }

  day(instant) {
    return this.days.format(new Date(instant));
  }

  shortDay(instant) {
    return this.shortDays.format(new Date(instant));
  }

  dayKey(instant) {
    return this.keys.format(new Date(instant));
  }
}

/*
 * What stands in a cell, as people type it: codes of the unit in any case, several parted by a space, a comma, a plus or a slash,
 * and Latin codes typed while the keyboard still writes Hangul.
 */

const KEYS_OF_JAMO = {
  ㅂ: "Q", ㅃ: "Q", ㅈ: "W", ㅉ: "W", ㄷ: "E", ㄸ: "E", ㄱ: "R", ㄲ: "R", ㅅ: "T", ㅆ: "T", ㅛ: "Y", ㅕ: "U", ㅑ: "I", ㅐ: "O", ㅒ: "O",
  ㅔ: "P", ㅖ: "P", ㅁ: "A", ㄴ: "S", ㅇ: "D", ㄹ: "F", ㅎ: "G", ㅗ: "H", ㅓ: "J", ㅏ: "K", ㅣ: "L", ㅋ: "Z", ㅌ: "X", ㅊ: "C", ㅍ: "V",
  ㅠ: "B", ㅜ: "N", ㅡ: "M",
};
const INITIALS = [..."ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"];
const VOWELS = [..."ㅏㅐㅑㅒㅓㅔㅕㅖㅗ"].concat(["ㅗㅏ", "ㅗㅐ", "ㅗㅣ"], [..."ㅛㅜ"], ["ㅜㅓ", "ㅜㅔ", "ㅜㅣ"], [..."ㅠㅡ"], ["ㅡㅣ"], [..."ㅣ"]);
const FINALS = ["", "ㄱ", "ㄲ", "ㄱㅅ", "ㄴ", "ㄴㅈ", "ㄴㅎ", "ㄷ", "ㄹ", "ㄹㄱ", "ㄹㅁ", "ㄹㅂ", "ㄹㅅ", "ㄹㅌ", "ㄹㅍ", "ㄹㅎ", "ㅁ", "ㅂ", "ㅂㅅ"].concat([
  ..."ㅅㅆㅇㅈㅊㅋㅌㅍㅎ",
]);
const FIRST_SYLLABLE = 0xac00;
const LAST_SYLLABLE = 0xd7a3;
const PARTS = /[\s,+/]+/;

/** The Latin letters that stand on the keys with which this was typed on a Korean keyboard. */
function latinOf(text) {
  let letters = "";
  for (const sign of text) {
    const number = sign.codePointAt(0) - FIRST_SYLLABLE;
    const jamo =
      number >= 0 && number <= LAST_SYLLABLE - FIRST_SYLLABLE
        ? INITIALS[Math.floor(number / 588)] + VOWELS[Math.floor((number % 588) / 28)] + FINALS[number % 28]
        : sign;
    for (const key of jamo) letters += KEYS_OF_JAMO[key] ?? key;
  }
  return letters;
}

export class Codes {
  /** `types`: [{code, colour, name}], the unit's own before the site's. */
  constructor(types) {
    this.types = types;
    this.byCode = new Map();
    for (const type of types) if (!this.byCode.has(type.code.toUpperCase())) this.byCode.set(type.code.toUpperCase(), type);
  }

  find(text) {
    return this.byCode.get(text.toUpperCase()) ?? this.byCode.get(latinOf(text).toUpperCase());
  }

  /** The codes of what was typed; what is no code stays as it is, for the server to say so. */
  parse(text) {
    const whole = this.find(text.trim());
    if (whole) return [whole.code];
    return text
      .split(PARTS)
      .filter(Boolean)
      .map((part) => this.find(part)?.code ?? part);
  }

  /** Whether this is a code and could not become a longer one. */
  isComplete(text) {
    const typed = text.trim().toUpperCase();
    if (!this.byCode.has(typed)) return false;
    return ![...this.byCode.keys()].some((code) => code !== typed && code.startsWith(typed));
  }

  isBeginning(letter) {
    return [...this.byCode.keys()].some((code) => code.startsWith(letter.toUpperCase()));
  }

  /** How codes look in a cell: [what is written, its class]. */
  faceOf(codes) {
    const colour = codes.length ? (this.find(codes[0])?.colour ?? "") : "";
    return [codes.join("/"), codes.length > 1 ? `${colour} m` : colour];
  }
}

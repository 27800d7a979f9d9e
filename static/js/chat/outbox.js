/*
 * Unsent text, kept in this browser until the server has said that it is stored, or the writer throws it away: messages that
 * wait, what stands half written in a composer and has not reached the server, cells of a roster (`isCells`). One database a person; signing out removes
 * it, and from then on this page keeps nothing. Where the browser's storage fails (a private window, a full disk) text lives as
 * long as the page.
 */

const STORE = "unsent";
const SOUND = "portal-unsent";

const nameOf = (userId) => `portal-${userId}`;
const isMessage = (entry) => !entry.isDraft && !entry.isCells;

function draftId(channel, root) {
  return `draft:${channel}:${root || 0}`;
}

function openDatabase(userId, whenLost) {
  return new Promise((resolve) => {
    let request;
    try {
      request = indexedDB.open(nameOf(userId), 1);
    } catch {
      resolve(null);
      return;
    }
    request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: "clientId" });
    request.onsuccess = () => {
      const database = request.result;
      // Signing out, here or in another tab, deletes the database: do not stand in its way.
      database.onversionchange = () => {
        database.close();
        whenLost();
      };
      database.onclose = whenLost;
      resolve(database);
    };
    request.onerror = () => resolve(null);
    request.onblocked = () => resolve(null);
  });
}

export class Outbox {
  #userId;
  #database = null; // a promise of it, once it was asked for
  #memory = new Map(); // what the browser would not store
  #lastOrder = 0;
  #isOver = false; // signed out
  #tabs;

  constructor(userId) {
    this.#userId = userId;
    this.#tabs = new BroadcastChannel(`${SOUND}-${userId}`);
    this.#tabs.onmessage = ({ data }) => this.#emit(data);
  }

  #open() {
    this.#database ??= openDatabase(this.#userId, () => (this.#database = null));
    return this.#database;
  }

  /** Do something with the store; undefined where it did not succeed. */
  async #run(mode, work) {
    // A connection that was closed under our hands throws at once; a second one is tried before text is left to memory.
    for (let attempt = 0; attempt < 2 && !this.#isOver; attempt += 1) {
      const database = await this.#open();
      if (!database) return undefined;
      try {
        return await new Promise((resolve, reject) => {
          const transaction = database.transaction(STORE, mode);
          const request = work(transaction.objectStore(STORE));
          transaction.oncomplete = () => resolve(request.result ?? null);
          transaction.onerror = transaction.onabort = () => reject(transaction.error);
          // A page that goes away takes with it what it has not committed itself.
          if (mode === "readwrite") transaction.commit();
        });
      } catch {
        this.#database = null;
        database.close();
      }
    }
    return undefined;
  }

  async keep(entry) {
    if (this.#isOver) return;
    const stored = await this.#run("readwrite", (store) => store.put(entry));
    if (stored === undefined) this.#memory.set(entry.clientId, entry);
    else this.#memory.delete(entry.clientId);
  }

  async forget(clientId) {
    this.#memory.delete(clientId);
    await this.#run("readwrite", (store) => store.delete(clientId));
  }

  /** Everything that is kept: messages in the order in which they were written, and drafts. */
  async all() {
    if (this.#isOver) return [];
    const stored = (await this.#run("readonly", (store) => store.getAll())) ?? [];
    const found = new Map(stored.map((entry) => [entry.clientId, entry]));
    for (const [id, entry] of this.#memory) found.set(id, entry);
    return [...found.values()].sort((a, b) => a.order - b.order);
  }

  /** The unsent messages, or those of one channel, in the order in which they were written. */
  async waiting(channel = null) {
    return (await this.all()).filter((entry) => isMessage(entry) && (channel === null || entry.channel === channel));
  }

  /** A number above all that were given before, so that messages of one moment keep their order. */
  nextOrder() {
    this.#lastOrder = Math.max(Date.now(), this.#lastOrder + 1);
    return this.#lastOrder;
  }

  /** Keep what stands in a composer and the server has not got; nothing but space removes it. */
  async keepDraft({ channel, root, text, ...more }) {
    const clientId = draftId(channel, root);
    if (text.trim()) await this.keep({ ...more, clientId, isDraft: true, channel, root: root || null, text, order: Date.now() });
    else await this.forget(clientId);
  }

  forgetDraft(channel, root) {
    return this.forget(draftId(channel, root));
  }

  async draftEntry(channel, root) {
    const clientId = draftId(channel, root);
    return this.#memory.get(clientId) ?? (await this.#run("readonly", (store) => store.get(clientId))) ?? null;
  }

  /** The drafts that the server has not got yet. */
  async drafts() {
    return (await this.all()).filter((entry) => entry.isDraft);
  }

  /** True where text would go with the page. */
  get isOnlyInMemory() {
    return this.#memory.size > 0;
  }

  /** Say to this page and to the person's other pages what became of an entry: the event "chat:entry" on document. */
  tell(entry, state, detail = null) {
    const news = { entry, state, detail };
    this.#emit(news);
    this.#tabs.postMessage(news);
  }

  #emit(news) {
    if (!this.#isOver) document.dispatchEvent(new CustomEvent("chat:entry", { detail: news }));
  }

  /** Keep nothing from here on: the person has signed out. */
  end() {
    this.#isOver = true;
    this.#memory.clear();
  }
}

const outboxes = new Map();

/** The one outbox of a person on this page. */
export function outboxOf(userId) {
  const key = String(userId);
  if (!outboxes.has(key)) outboxes.set(key, new Outbox(key));
  return outboxes.get(key);
}

/** Remove what this browser keeps of a person; called at sign-out. */
export function forgetEverything(userId) {
  outboxOf(userId).end();
  return new Promise((resolve) => {
    let request;
    try {
      request = indexedDB.deleteDatabase(nameOf(userId));
    } catch {
      resolve();
      return;
    }
    request.onsuccess = request.onerror = () => resolve();
  });
}

/*
 * Unsent text, kept in this browser until the server has said that it is stored, or the writer throws it away.
 * One database a person; signing out removes it. Without IndexedDB (a private window) it lives as long as the page.
 */

const STORE = "unsent";

function open(userId) {
  return new Promise((resolve) => {
    let request;
    try {
      request = indexedDB.open(`portal-${userId}`, 1);
    } catch {
      resolve(null);
      return;
    }
    request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: "clientId" });
    request.onsuccess = () => {
      // Signing out, here or in another tab, deletes the database: do not stand in its way.
      request.result.onversionchange = () => request.result.close();
      resolve(request.result);
    };
    request.onerror = () => resolve(null);
    request.onblocked = () => resolve(null);
  });
}

export class Outbox {
  #database;
  #memory = new Map();

  constructor(userId) {
    this.#database = open(userId);
  }

  async #run(mode, work) {
    const database = await this.#database;
    if (!database) return null;
    return new Promise((resolve) => {
      const transaction = database.transaction(STORE, mode);
      const request = work(transaction.objectStore(STORE));
      transaction.oncomplete = () => resolve(request?.result ?? null);
      transaction.onerror = () => resolve(null);
      transaction.onabort = () => resolve(null);
    });
  }

  async keep(entry) {
    this.#memory.set(entry.clientId, entry);
    await this.#run("readwrite", (store) => store.put(entry));
  }

  async forget(clientId) {
    this.#memory.delete(clientId);
    await this.#run("readwrite", (store) => store.delete(clientId));
  }

  /** The unsent messages of a channel, in the order in which they were written. */
  async waiting(channel) {
    const stored = (await this.#run("readonly", (store) => store.getAll())) ?? [];
    const all = new Map(stored.map((entry) => [entry.clientId, entry]));
    for (const [id, entry] of this.#memory) all.set(id, entry);
    return [...all.values()].filter((entry) => entry.channel === channel).sort((a, b) => a.order - b.order);
  }
}

/** Remove what this browser keeps of a person; called at sign-out. */
export function forgetEverything(userId) {
  return new Promise((resolve) => {
    const request = indexedDB.deleteDatabase(`portal-${userId}`);
    request.onsuccess = request.onerror = () => resolve();
  });
}

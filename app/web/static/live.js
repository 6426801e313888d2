// Keeps open pages up to date, and messages safe while the connection is away.
// Without this script every page works by its forms and links.
"use strict";
(() => {
  const badge = document.getElementById("unread");
  const title = document.title;
  let source = null;
  let heard = Date.now();

  function showUnread(count) {
    if (badge) {
      badge.hidden = count === 0;
      badge.querySelector(".count").textContent = String(count);
    }
    document.title = count ? `(${count}) ${title}` : title;
  }

  function listen() {
    if (source) source.close();
    heard = Date.now();
    source = new EventSource("/live");
    const told = (event) => {
      heard = Date.now();
      showUnread(JSON.parse(event.data).unread);
      talk?.connected();
    };
    source.addEventListener("beat", told);
    source.addEventListener("changed", (event) => {
      told(event);
      document.body.dispatchEvent(new CustomEvent("changed"));
      talk?.refresh();
    });
    source.addEventListener("signed-out", () => { source.close(); location.reload(); });
    source.addEventListener("error", () => talk?.disconnected());
  }

  class Talk {
    constructor(element) {
      this.element = element;
      this.id = element.dataset.id;
      this.last = Number(element.dataset.last);
      this.list = document.getElementById("messages");
      this.receipt = document.getElementById("receipt");
      this.connection = document.getElementById("connection");
      this.form = document.getElementById("write");
      this.body = document.getElementById("body");
      this.busy = null;
      this.again = false;
      this.paged = new URLSearchParams(location.search).has("before");
      this.view = document.getElementById("scroll");
      this.toEnd();
      if (this.form) this.prepareForm();
      for (const waiting of this.unsent()) this.show(waiting);
      this.deliver();
    }

    prepareForm() {
      const draft = localStorage.getItem(`draft ${this.id}`);
      if (draft && !this.body.value) this.body.value = draft;
      this.body.addEventListener("input", () => localStorage.setItem(`draft ${this.id}`, this.body.value));
      this.body.addEventListener("keydown", (event) => {
        if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) this.form.requestSubmit();
      });
      for (const link of document.querySelectorAll("[data-line]")) {
        link.addEventListener("click", (event) => {
          event.preventDefault();
          this.body.value = link.dataset.line;
          this.body.dispatchEvent(new Event("input"));
          this.body.focus();
        });
      }
      this.form.addEventListener("submit", (event) => {
        event.preventDefault();
        const body = this.body.value;
        if (!body.trim()) return;
        const message = { key: newKey(), body };
        this.keep([...this.unsent(), message]);
        this.body.value = "";
        localStorage.removeItem(`draft ${this.id}`);
        document.querySelector(".opening")?.remove();
        document.getElementById("problem")?.remove();
        this.show(message);
        this.body.focus();
        this.deliver();
      });
    }

    unsent() {
      try { return JSON.parse(localStorage.getItem(`unsent ${this.id}`) || "[]"); } catch { return []; }
    }

    keep(messages) {
      if (messages.length) localStorage.setItem(`unsent ${this.id}`, JSON.stringify(messages));
      else localStorage.removeItem(`unsent ${this.id}`);
    }

    show(message) {
      const row = document.createElement("li");
      row.className = "mine waiting";
      row.dataset.key = message.key;
      const text = document.createElement("p");
      text.textContent = message.body;
      row.append(text);
      this.list.append(row);
      this.toEnd();
    }

    // One message after another, each until the server has it: its key keeps it from being doubled.
    async deliver() {
      if (this.sending) return;
      this.sending = true;
      try {
        for (let waiting = this.unsent(); waiting.length; waiting = this.unsent()) {
          const message = waiting[0];
          const answer = await fetch(`/conversations/${this.id}?after=${this.last}`, {
            method: "POST",
            headers: { "X-Live": "1", "HX-Request": "true" },
            body: new URLSearchParams({ csrf: this.element.dataset.csrf, key: message.key, body: message.body }),
          });
          if (answer.status >= 500 || answer.status === 429) throw new Error("not taken yet");
          if (answer.headers.has("HX-Redirect")) { location.reload(); return; }
          this.keep(this.unsent().filter((one) => one.key !== message.key));
          this.list.querySelector(`[data-key="${message.key}"]`)?.remove();
          const text = await answer.text();
          if (answer.ok) this.take(text); else this.refused(text, message);
        }
        this.connected();
      } catch {
        this.disconnected();
        setTimeout(() => this.deliver(), 4000);
      } finally {
        this.sending = false;
      }
    }

    refused(text, message) {
      const told = new DOMParser().parseFromString(text, "text/html").querySelector("[role=alert]");
      document.getElementById("problem")?.remove();
      const problem = document.createElement("p");
      problem.id = "problem";
      problem.className = "problem";
      problem.setAttribute("role", "alert");
      problem.textContent = told ? told.textContent : "";
      this.form.before(problem);
      if (!this.body.value) this.body.value = message.body;
    }

    async refresh() {
      if (this.paged) return;
      if (this.busy) { this.again = true; return; }
      this.busy = fetch(`/conversations/${this.id}/messages?after=${this.last}`);
      try {
        const answer = await this.busy;
        if (answer.ok && !answer.redirected) this.take(await answer.text());
      } catch {
        this.disconnected();
      } finally {
        this.busy = null;
        if (this.again) { this.again = false; this.refresh(); }
      }
    }

    take(text) {
      const page = new DOMParser().parseFromString(text, "text/html");
      const atEnd = this.view.scrollHeight - this.view.scrollTop - this.view.clientHeight < 80;
      const waiting = this.list.querySelector(".waiting");
      let more = 0;
      for (const row of page.querySelectorAll("li[data-number]")) {
        const number = Number(row.dataset.number);
        if (!document.getElementById(row.id)) { this.list.insertBefore(document.adoptNode(row), waiting); more += 1; }
        this.last = Math.max(this.last, number);
      }
      const receipt = page.querySelector("div > p");
      if (receipt) this.receipt.textContent = receipt.textContent.trim();
      if (page.querySelector("div")?.dataset.over && this.form) location.reload();
      if (more && atEnd) this.toEnd();
      if (more) document.querySelector(".opening")?.remove();
      this.read();
      if (more >= 50) this.refresh();
    }

    read() {
      if (document.hidden || this.readTo === this.last || !this.last) return;
      this.readTo = this.last;
      fetch(`/conversations/${this.id}/read`, {
        method: "POST",
        body: new URLSearchParams({ csrf: this.element.dataset.csrf, number: String(this.last) }),
      }).catch(() => { this.readTo = null; });
    }

    toEnd() { this.view.scrollTop = this.view.scrollHeight; }

    connected() { this.connection.textContent = ""; }

    disconnected() {
      this.connection.textContent = this.unsent().length ? this.element.dataset.unsent : this.element.dataset.lost;
    }
  }

  function newKey() {
    return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
  }

  const found = document.getElementById("talk");
  const talk = found ? new Talk(found) : null;
  listen();
  // What a press has put in its place takes the focus, so that a keyboard goes on from there.
  document.body.addEventListener("htmx:afterSettle", (event) => {
    const fresh = event.target.matches("[autofocus]") ? event.target : event.target.querySelector("[autofocus]");
    fresh?.focus();
  });
  // A browser gives one site few connections, so a page that nobody looks at gives its own back; and
  // a phone that slept may hold one that is dead without knowing it.
  const awake = () => {
    if (document.hidden) { source.close(); return; }
    if (Date.now() - heard > 25000 || source.readyState === EventSource.CLOSED) listen();
    talk?.refresh();
    talk?.deliver();
  };
  document.addEventListener("visibilitychange", awake);
  window.addEventListener("online", () => { listen(); awake(); });
  window.addEventListener("pageshow", (event) => { if (event.persisted) { listen(); awake(); } });
})();

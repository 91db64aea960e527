// From file:// browsers start no worker. The search has one; here it runs in a hidden frame.
if (location.protocol === "file:") {
  window.Worker = class extends EventTarget {
    constructor(url) {
      super();
      this.waiting = [];
      const frame = document.createElement("iframe");
      frame.hidden = true;
      document.body.appendChild(frame);
      const inner = frame.contentWindow;
      const give = (data) => this.dispatchEvent(new MessageEvent("message", { data }));
      inner.postMessage = (data) => setTimeout(() => give(data));
      inner.importScripts = (...urls) => {
        const one = (address) => new Promise((resolve, reject) => {
          const script = inner.document.createElement("script");
          script.src = address;
          script.onload = resolve;
          script.onerror = reject;
          inner.document.body.appendChild(script);
        });
        return urls.reduce((before, address) => before.then(() => one(address)), Promise.resolve());
      };
      inner.importScripts(url).then(() => {
        this.inner = inner;
        this.waiting.forEach((data) => this.postMessage(data));
      });
    }

    postMessage(data) {
      if (this.inner) this.inner.dispatchEvent(new MessageEvent("message", { data }));
      else this.waiting.push(data);
    }

    terminate() {}
  };
}

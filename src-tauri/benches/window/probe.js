// Watches one page from the inside: what it asks of the host, what it draws and when that is on the
// screen. Never changes what it does.
if (!window.probe) {
  const probe = { asked: 0, pending: 0, rows: 0, counts: false, drawn: 0, filled: 0, last: 0 };
  window.probe = probe;
  const plain = window.fetch;
  window.fetch = async (...question) => {
    probe.asked += 1;
    probe.pending += 1;
    try {
      const answer = await plain(...question);
      // Reading an answer twice costs time: only where rows are counted and nothing is timed.
      if (probe.counts) {
        const told = await answer.clone().json();
        if (Array.isArray(told?.items)) probe.rows += told.items.length;
      }
      return answer;
    } finally {
      probe.pending -= 1;
    }
  };
  // Behind the frame that a callback of the page belongs to: styled, laid out, drawn.
  const behindFrame = (then) => {
    requestAnimationFrame(() => {
      const channel = new MessageChannel();
      channel.port1.onmessage = then;
      channel.port2.postMessage(null);
    });
  };
  let awaited = false;
  new MutationObserver(() => {
    probe.last = performance.now();
    if (awaited) return;
    awaited = true;
    behindFrame(() => {
      awaited = false;
      probe.drawn = performance.now();
      const row = '#main [role=row]:not([aria-busy]) [role=gridcell]';
      if (probe.filled === 0 && document.querySelector(row)) probe.filled = probe.drawn;
    });
  }).observe(document.body, { subtree: true, childList: true, characterData: true });

  /** Does something; tells when rows were first there, and when nothing changed any more. */
  probe.time = (act, done) => {
    Object.assign(probe, { asked: 0, drawn: 0, filled: 0, last: performance.now() });
    const begun = performance.now();
    act();
    const look = () => {
      const quiet = probe.pending === 0 && performance.now() - probe.last > 400;
      if (!quiet || awaited) return void setTimeout(look, 20);
      done({ filled: probe.filled - begun, drawn: probe.drawn - begun, asked: probe.asked });
    };
    look();
  };

  probe.click = (css, done) => probe.time(() => document.querySelector(css).click(), done);
  probe.go = (path, done) =>
    probe.time(() => {
      location.hash = path;
    }, done);
  probe.type = (css, text, done) => {
    const field = document.querySelector(css);
    const put = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value').set;
    field.focus();
    probe.time(() => {
      put.call(field, text);
      field.dispatchEvent(new InputEvent('input', { bubbles: true, inputType: 'insertText' }));
    }, done);
  };

  /**
   * Scrolls a grid by so many pixels a frame, for so many frames or fifteen seconds; tells the work of
   * each frame and the time between two.
   */
  probe.scroll = (by, frames, done) => {
    const grid = document.querySelector('#main [role=grid]');
    const channel = new MessageChannel();
    const work = [];
    const gaps = [];
    const end = performance.now() + 15_000;
    let begun = 0;
    let left = frames;
    channel.port1.onmessage = () => {
      work.push(performance.now() - begun);
      if (left === 0) done({ work, gaps, at: grid.scrollTop, busy: grid.querySelectorAll('[aria-busy]').length });
    };
    const step = (time) => {
      if (begun !== 0) gaps.push(time - begun);
      begun = time;
      left = time > end ? 0 : left - 1;
      grid.scrollTop += by;
      channel.port2.postMessage(null);
      if (left > 0) requestAnimationFrame(step);
    };
    requestAnimationFrame(step);
  };
}

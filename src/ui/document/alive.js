// Stands beside the program of the page and does not depend on it. The page says "not live" unless <html> has `data-alive`, which
// only this script sets: while the program keeps sending `headway:beat`. It counts its own looks, not time: in a tab that is hidden,
// frozen or slowed down, both stand still together, and nothing false is shown.
(() => {
  const LOOK = 1000;
  // Looks in a row without a beat: after so many a page that was alive is not, and one that is still loading says so.
  const STOPPED = 5;
  const SLOW = 20;
  const TEXTS = {
    panic: 'This page has stopped working: nothing on it is up to date. Jobs go on at the server.',
    mute: 'This page does not respond: nothing on it is up to date. Jobs go on at the server.',
    load: 'The program of this page could not be loaded, so its buttons do nothing. Check the connection, then reload.',
    slow: 'This page is still loading. Its buttons work as soon as it is ready.',
    old: 'This browser cannot run this page, because it has no WebAssembly. Use a newer browser.',
  };
  const root = document.documentElement;
  // A page below a base path that was opened without it: not by a proxy that removes the path, but at the server itself.
  const { base } = root.dataset;
  if (base && !(location.pathname + '/').startsWith(base + '/')) return location.replace(base + location.pathname + location.search);
  let begun = false, beaten = false, missed = 0, failed = false, bar = null;

  // In an open dialog, since nothing outside it can be clicked; else behind the body, whose nodes the program counts.
  function show(why) {
    delete root.dataset.alive;
    const place = document.querySelector('dialog[open]') ?? root;
    if (bar?.dataset.why === why && bar.parentNode === place) return;
    bar?.remove();
    bar = document.createElement('div');
    bar.className = 'page-stopped';
    bar.dataset.why = why;
    bar.setAttribute('role', 'alert');
    const button = document.createElement('button');
    button.textContent = 'Reload';
    button.addEventListener('click', () => location.reload());
    bar.append(TEXTS[why], ' ', button);
    place.prepend(bar);
    if (place === root) root.append(bar);
  }

  function fail(why) {
    failed ||= why;
    show(failed);
  }

  addEventListener('headway:beat', () => {
    beaten = begun = true;
    if (failed || 'alive' in root.dataset) return;
    root.dataset.alive = '';
    bar?.remove();
    bar = null;
  });
  // The buttons have no effect any more; nor have those that what is left of the program still adds or enables.
  const disable = () => document.querySelectorAll('button:enabled:not(.page-stopped *)').forEach((button) => (button.disabled = true));
  const stop = () => {
    if (failed === 'panic') return;
    disable();
    new MutationObserver(disable).observe(root, { subtree: true, childList: true, attributeFilter: ['disabled'] });
    fail('panic');
  };
  addEventListener('headway:panic', stop);
  addEventListener('headway:unloaded', () => fail('load'));
  // What ends the program without a word of its own: a trap, or a script that is not there.
  const judge = (error) => typeof WebAssembly === 'object' && error instanceof WebAssembly.RuntimeError && (stop(), true);
  addEventListener('error', (event) => (event.target?.tagName === 'SCRIPT' && !begun ? fail('load') : judge(event.error)), true);
  // Before the page has begun, only the script that starts the program can fail so.
  addEventListener('unhandledrejection', (event) => (begun ? judge(event.reason) : judge(event.reason) || fail('load')));
  if (typeof WebAssembly !== 'object') fail('old');

  setInterval(() => {
    if (failed) return show(failed);
    missed = beaten || document.hidden ? 0 : missed + 1;
    beaten = false;
    if (begun ? missed >= STOPPED : missed >= SLOW) show(begun ? 'mute' : 'slow');
  }, LOOK);
})();

import { main } from './live.js';

/**
 * Counts down each `<time data-until="…">` (ISO 8601). Server and browser may disagree about the time: `data-now` of `main` is the
 * server's when it wrote the page, and the difference is taken off.
 * @param {() => void} onZero Told once for each of them that has reached its end.
 * @returns {() => void} Reads the page anew: to be called when `main` was replaced.
 */
export function countDown(onZero) {
  let difference = 0;
  const over = new Set();

  function show() {
    for (const element of document.querySelectorAll('time[data-until]')) {
      const until = element.getAttribute('data-until') ?? '';
      const seconds = Math.ceil((Date.parse(until) - difference - Date.now()) / 1000);
      if (seconds < longest) element.textContent = clock(Math.max(0, seconds));
      if (seconds > 0 || over.has(until)) continue;
      over.add(until);
      onZero();
    }
  }

  function read() {
    difference = Date.parse(main().dataset['now'] ?? '') - Date.now() || 0;
    over.clear();
    show();
  }

  read();
  setInterval(show, 1000);
  return read;
}

/** Seconds: from an hour on, the words of the server say it better. */
const longest = 3600;

/** @param {number} seconds */
const clock = (seconds) => `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;

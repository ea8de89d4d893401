import { showCopyButtons, takeCopies } from './copy.js';
import { countDown } from './countdown.js';
import { guardForms, showOffline } from './forms.js';
import { followPage, main } from './live.js';
import { formatNumbers } from './number.js';
import { takeTextedCode } from './texted-code.js';

// The enrollment page. It works without any of this: the script keeps it up to date and saves some typing.

takeCopies();
guardForms();
formatNumbers();

const { refresh } = followPage(() => {
  readCountdowns();
  each();
});
const readCountdowns = countDown(() => void refresh());

/** For each page that is shown. */
function each() {
  showCopyButtons();
  showOffline();
  takeTextedCode();
}
each();

// An answer to what was done just now is not shown again when the page is loaded again.
const { page } = main().dataset;
if (page !== undefined && location.search !== '' && !location.search.includes('code_pending')) {
  history.replaceState(null, '', page);
}

/** Pages without script or style: they say one thing each. The status goes with the page. */
export const signInPages = {
  done: { status: 200, title: 'You are signed in', text: 'You can close this page and go on where you came from.' },
  linkOver: {
    status: 410,
    title: 'This link no longer works',
    text: 'Links work once and for ten minutes. Ask for a new one where you got this one.',
  },
  caseOver: {
    status: 410,
    title: 'This enrollment is over',
    text: 'You can close this page. If you still need to set something up, ask for a new link.',
  },
  otherBrowser: {
    status: 400,
    title: 'This sign-in was not started here',
    text: 'Open the link again, and sign in in the same browser window. Cookies must be allowed.',
  },
  notSignedIn: { status: 400, title: 'You are not signed in', text: 'Open the link again to try once more.' },
  otherUser: {
    status: 403,
    title: 'This link is for somebody else',
    text: 'Sign out, open the link again, and sign in as the person it was made for.',
  },
  unavailable: { status: 503, title: 'This does not work right now', text: 'Wait a moment, then open the link again.' },
} as const;

export type SignInPage = keyof typeof signInPages;

export const renderPage = (page: SignInPage): string => {
  const { title, text } = signInPages[page];
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${title}</title></head>
<body><main><h1>${title}</h1><p>${text}</p></main></body>
</html>
`;
};

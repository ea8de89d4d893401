import { createContext, type ComponentChildren, type VNode } from 'preact';
import { useContext } from 'preact/hooks';
import IntlMessageFormat from 'intl-messageformat';
import de from './messages/de.json';
import en from './messages/en.json';

/** The languages of the pages. A new one is a file in `messages/` with the same keys, and a row here. */
export const languages = {
  en: { name: 'English', direction: 'ltr', messages: en },
  de: { name: 'Deutsch', direction: 'ltr', messages: de },
} as const satisfies Record<
  string,
  { readonly name: string; readonly direction: 'ltr' | 'rtl'; readonly messages: Record<MessageKey, string> }
>;

export type Language = keyof typeof languages;
export const languageNames = Object.keys(languages) as Language[]; // Object.keys forgets the key type; the object is closed

/** English has every key; a test holds the others to it. */
export type MessageKey = keyof typeof en;

export type Values = Readonly<Record<string, string | number | Date>>;

/**
 * What a message with parts of a page in it is filled with: values, elements, and for each tag such as `<b>` what becomes of the
 * text between its two ends.
 */
export type Parts = Readonly<
  Record<string, string | number | VNode | ((children: ComponentChildren) => ComponentChildren)>
>;

/** The words of one language. Both functions throw for a value that the message names and that is not given. */
export interface Words {
  readonly language: Language;
  readonly direction: 'ltr' | 'rtl';
  /** The text of a message (ICU MessageFormat), with its values filled in. */
  readonly text: (key: MessageKey, values?: Values) => string;
  /** The same where the message has tags, or takes elements. */
  readonly rich: (key: MessageKey, parts: Parts) => ComponentChildren;
}

export function createWords(language: Language): Words {
  const { direction, messages } = languages[language];
  const parsed = new Map<MessageKey, IntlMessageFormat>();
  const messageOf = (key: MessageKey): IntlMessageFormat => {
    const known = parsed.get(key);
    if (known !== undefined) return known;
    const message = new IntlMessageFormat(messages[key], language);
    parsed.set(key, message);
    return message;
  };
  return {
    language,
    direction,
    text: (key, values) => String(messageOf(key).format(values)),
    rich: (key, parts) => messageOf(key).format<ComponentChildren>({ ...parts }),
  };
}

const all: Readonly<Record<Language, Words>> = { en: createWords('en'), de: createWords('de') };

export const wordsOf = (language: Language): Words => all[language];

/** The words of the page that is being rendered. */
export const WordsContext = createContext<Words>(all.en);

export const useWords = (): Words => useContext(WordsContext);

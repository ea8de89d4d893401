import { parse, TYPE, type MessageFormatElement } from '@formatjs/icu-messageformat-parser';
import { expect, test } from '@jest/globals';
import { languageNames, languages } from '../../src/api/html/messages';

/** What a message has to be filled with: values and tags. */
const namesIn = (elements: readonly MessageFormatElement[]): string[] =>
  elements.flatMap((element) => {
    switch (element.type) {
      case TYPE.literal:
      case TYPE.pound:
        return [];
      case TYPE.tag:
        return [`<${element.value}>`, ...namesIn(element.children)];
      case TYPE.plural:
      case TYPE.select:
        return [element.value, ...Object.values(element.options).flatMap(({ value }) => namesIn(value))];
      default:
        return [element.value];
    }
  });
const needed = (text: string): string[] => [...new Set(namesIn(parse(text)))].sort();

test.each(languageNames)('%s has every message, filled with the same', (language) => {
  const messages: Readonly<Record<string, string>> = languages[language].messages;
  const english: Readonly<Record<string, string>> = languages.en.messages;
  expect(Object.keys(messages).sort()).toEqual(Object.keys(english).sort());
  for (const [key, text] of Object.entries(messages)) {
    expect([key, needed(text)]).toEqual([key, needed(english[key] ?? '')]);
    expect([key, text.trim()]).toEqual([key, text]);
  }
});

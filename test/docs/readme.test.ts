import { expect, test } from '@jest/globals';
import { read } from './markdown';

test('the README quotes the headings of the demo as the demo prints them', () => {
  const [, output = ''] = /^```text\n([\s\S]*?)^```/m.exec(read('README.md')) ?? [];
  const headings = output.split('\n').filter((line) => /^\S/.test(line));
  expect(headings.length).toBeGreaterThan(2);
  expect(headings.filter((heading) => !read('scripts/demo/enrollment.ts').includes(`'${heading}'`))).toEqual([]);
});

test('the README says how soon after signing in a user has to reach the next step, before it describes the states', () => {
  const text = read('README.md');
  const rule = text.indexOf('must sign in again');
  expect(rule).toBeGreaterThan(0);
  expect(rule).toBeLessThan(text.indexOf('stateDiagram'));
});

import { expect, test } from '@jest/globals';
import { createPageSessions } from '../../src/api/page-session';
import { id, idKey, testApp } from './support';

const startLinks = { 'The emulated tenant': 'http://127.0.0.1:8401/' };

test('a user without a link is told to open one, in their language', async () => {
  const { app } = await testApp();
  const answer = await app.inject({ url: '/', headers: { 'accept-language': 'de' } });
  expect([answer.statusCode, answer.headers['content-type']]).toEqual([200, 'text/html; charset=utf-8']);
  expect(answer.body).toContain('Öffnen Sie den Link');
  expect(answer.body).not.toContain('npm run');
  expect(String(answer.headers['content-security-policy'])).toMatch(/^default-src 'none'/);
});

test('a user who is signed in goes on on the enrollment page', async () => {
  const { app } = await testApp();
  const cookie = `__Host-mfa-page=${await createPageSessions(idKey, true).begin(id)}`;
  const answer = await app.inject({ url: '/', headers: { cookie } });
  expect([answer.statusCode, answer.headers.location]).toEqual([303, '/enroll']);
});

test('in development it shows how to get a link, and what else is there', async () => {
  const { app } = await testApp({}, { startLinks });
  const { body } = await app.inject({ url: '/' });
  expect(body).toContain('npm run link');
  expect(body).toContain('<a href="http://127.0.0.1:8401/">The emulated tenant</a>');
});

import { expect, test } from '@jest/globals';
import { eventTypes, linkCreated, type EventType } from '../../src/enrollment/events';
import { wants, wantsChanges } from '../../src/enrollment/webhook-endpoints';

const changes = eventTypes.filter((type) => type !== linkCreated);

test('a link goes only to an endpoint that names its event, and not to one that takes everything', () => {
  expect(wants({ events: [] }, linkCreated)).toBe(false);
  expect(wants({ events: changes }, linkCreated)).toBe(false);
  expect(wants({ events: [linkCreated] }, linkCreated)).toBe(true);
});

test.each(changes)('an endpoint that names no event is sent %s', (type) => {
  expect(wants({ events: [] }, type)).toBe(true);
  expect(wants({ events: changes.filter((each) => each !== type) }, type)).toBe(false);
});

test.each<[readonly EventType[], boolean]>([
  [[], true],
  [[linkCreated], false],
  [[linkCreated, 'enrollment.failed'], true],
])('an endpoint with the events %j wants to hear of enrollments: %s', (events, wanted) => {
  expect(wantsChanges({ events })).toBe(wanted);
});

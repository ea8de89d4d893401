import { condition, defineQuery, defineSignal, setHandler, upsertSearchAttributes } from '@temporalio/workflow';
import { searchAttributes } from '../../../src/workflows/search-attributes';

export const note = defineSignal<[unknown?]>('note');
export const notes = defineQuery<readonly unknown[]>('notes');

/** Takes notes until the third, then gives them back. */
export async function waitingWorkflow(first: string): Promise<readonly unknown[]> {
  const taken: unknown[] = [first];
  setHandler(note, (value) => void taken.push(value ?? 'unreadable'));
  setHandler(notes, () => taken);
  upsertSearchAttributes([{ key: searchAttributes.state, value: 'awaiting_code' }]);
  await condition(() => taken.length === 3);
  return taken;
}

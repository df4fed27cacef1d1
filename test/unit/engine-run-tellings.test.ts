import { expect, test } from '@jest/globals';
import type { RunEvent } from '../../shared/domain/run-event.ts';
import { RunTellings } from '../../shared/engine/run-tellings.ts';
import { aRun } from '../support/records.ts';

const RUN = 'run_1';
const nothing = () => undefined;
const event: RunEvent = { type: 'thread.run.in_progress', run: aRun('in_progress', { id: RUN }) };

test('a listener that leaves twice takes nobody else away', () => {
  const tellings = new RunTellings();
  const leaver = tellings.listen(RUN);
  leaver.close();
  const driver = tellings.begin(RUN, nothing);
  leaver.close();
  const other = tellings.listen(RUN);
  other.attach();
  driver.tell(event);
  expect(other.isDriven).toBe(true);
  expect(other.take()).toEqual([event]);
});

test('a driver that was outlived takes nobody else away when it ends', () => {
  const tellings = new RunTellings();
  const outlived = tellings.begin(RUN, nothing);
  tellings.begin(RUN, nothing).end();
  const driver = tellings.begin(RUN, nothing);
  outlived.end();
  const other = tellings.listen(RUN);
  other.attach();
  driver.tell(event);
  expect(other.take()).toEqual([event]);
});

test('nothing is left of a run that nobody drives or listens to', () => {
  const tellings = new RunTellings();
  const [driver, listener] = [tellings.begin(RUN, nothing), tellings.listen(RUN)];
  expect(tellings.size).toBe(1);
  driver.end();
  listener.close();
  expect(tellings.size).toBe(0);
});

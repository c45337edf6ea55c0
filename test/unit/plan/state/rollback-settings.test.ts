import { expect, it } from 'vitest';
import { rollbackSettings } from '../../../../src/plan/state/rollback-settings.ts';
import { config, installation } from '../../../support/builders.ts';

/** The deadline and `stableSeconds` are in seconds. */
it.each`
  platform     | spec                                                    | settings       | why
  ${[600, 10]} | ${undefined}                                            | ${[600, 10]}   | ${'the platform decides'}
  ${[60, 10]}  | ${{ enabled: true }}                                    | ${[60, 10]}    | ${'whatever it decides'}
  ${[600, 10]} | ${{ stableSeconds: 0 }}                                 | ${[600, 0]}    | ${'who waits less is in time'}
  ${[600, 10]} | ${{ stableSeconds: 700 }}                               | ${[3360, 700]} | ${'who waits longer in each of four rounds needs longer'}
  ${[20, 1]}   | ${{ stableSeconds: 30 }}                                | ${[136, 30]}   | ${'also than an impatient platform'}
  ${[600, 10]} | ${{ progressDeadlineSeconds: 60 }}                      | ${[60, 10]}    | ${'a deadline with room for the default'}
  ${[600, 10]} | ${{ progressDeadlineSeconds: 12 }}                      | ${[12, 2]}     | ${'one without: the default is waited for less'}
  ${[600, 10]} | ${{ progressDeadlineSeconds: 2 }}                       | ${[2, 0]}      | ${'or not at all'}
  ${[600, 10]} | ${{ progressDeadlineSeconds: 900, stableSeconds: 200 }} | ${[900, 200]}  | ${'who says both knows'}
`('platform $platform, spec $spec: $settings ($why)', ({ platform, spec, settings }) => {
  const [progressDeadlineSeconds, stableSeconds] = platform;
  const platformConfig = { ...config, defaults: { progressDeadlineSeconds, stableSeconds } };
  const read = rollbackSettings(installation({ upgrade: { rollback: spec } }).spec, platformConfig);
  expect([read.deadlineSeconds, read.stableSeconds]).toEqual(settings);
});

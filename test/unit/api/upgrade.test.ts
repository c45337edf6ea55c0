import { describe, expect, it } from 'vitest';
import { InstallationSpec } from '../../../src/api/installation.ts';
import { Release } from '../../../src/api/provider.ts';

function faultOf(upgrade: unknown): string | undefined {
  return InstallationSpec.safeParse({ provider: 'acme/web', upgrade }).error?.issues[0]?.message;
}

describe('upgrade', () => {
  it('has no defaults of its own: they are decided when planning', () => {
    expect(InstallationSpec.parse({ provider: 'acme/web', upgrade: { rollback: {} } }).upgrade).toEqual({
      rollback: {},
    });
  });

  it.each([
    ['everything', { level: 'patch', range: '^1.0.0', securityOnly: true, prereleases: true, minReleaseAge: '72h' }],
    ['versions to skip', { skipVersions: ['1.5.0', '2.0.0-rc.1'] }],
    ['windows', { windows: [{ kind: 'allow', schedule: '0 2 * * 0', duration: '4h', timeZone: 'Europe/Berlin' }] }],
    ['a deadline alone', { rollback: { progressDeadlineSeconds: 5 } }],
    ['a deadline with room for four rounds', { rollback: { progressDeadlineSeconds: 41, stableSeconds: 10 } }],
    ['stableSeconds alone', { rollback: { stableSeconds: 3600 } }],
  ])('takes %s', (_, upgrade) => {
    expect(faultOf(upgrade)).toBeUndefined();
  });

  it.each([
    [{ range: 'soon' }, 'Must be an npm-semver range such as ">=1.2.0 <2.0.0"'],
    [{ range: `>=1.0.0 ${'|| 2'.repeat(80)}` }, 'Too big: expected string to have <=256 characters'],
    [
      // BasedHardware/omi#9988: four rounds of ten minutes do not fit into one
      { rollback: { progressDeadlineSeconds: 20, stableSeconds: 19 } },
      'progressDeadlineSeconds must be greater than 4 times stableSeconds: pods are replaced in up to 4 rounds',
    ],
    [
      { rollback: { progressDeadlineSeconds: 40, stableSeconds: 10 } },
      'progressDeadlineSeconds must be greater than 4 times stableSeconds: pods are replaced in up to 4 rounds',
    ],
    [{ minReleaseAge: '3d' }, 'Must be a duration in hours and minutes such as 90m or 1h30m, from 0m to 8760h'],
  ])('refuses %j', (upgrade, message) => {
    expect(faultOf(upgrade)).toBe(message);
  });
});

it.each(['upgradesFrom', 'downgradableTo'])('a release whose %s is no range is refused', (field) => {
  const release = { version: '1.0.0', image: 'web', [field]: '>>1' };
  expect(Release.safeParse(release).error?.issues[0]?.message).toBe(
    'Must be an npm-semver range such as ">=1.2.0 <2.0.0"',
  );
});

import { stampConditions, type Verdict } from '../api/conditions.ts';
import type { ProviderStatus } from '../api/provider.ts';
import { timestamp } from '../api/time.ts';
import { latestRelease, type Catalogue } from './catalogue.ts';

/** What a decision about a Provider looks at. */
export interface ObservedProvider {
  readonly generation: number;
  /** What the spec breaks, where it was stored before the schema forbade it. */
  readonly invalid: string | undefined;
  readonly catalogue: Catalogue;
  readonly status: ProviderStatus;
}

/** The status of a Provider: what can be installed of it, and what cannot and why. */
export function providerStatus(
  { generation, invalid, catalogue, status }: ObservedProvider,
  now: number,
): ProviderStatus {
  const latest = latestRelease(catalogue.releases)?.version;
  return {
    observedGeneration: generation,
    ...(latest !== undefined && { latestVersion: latest }),
    publishedVersions: catalogue.releases.length,
    ...(catalogue.releases.length > 0 && { firstSeen: firstSeen(catalogue, status, now) }),
    ...(catalogue.invalid.length > 0 && { invalidVersions: [...catalogue.invalid] }),
    conditions: stampConditions(status.conditions ?? [], verdicts(invalid, catalogue), { generation, now }),
  };
}

/** Of what is published now: who publishes a version again begins its age again. */
function firstSeen({ releases }: Catalogue, before: ProviderStatus, now: number): Record<string, string> {
  return Object.fromEntries(releases.map(({ version }) => [version, before.firstSeen?.[version] ?? timestamp(now)]));
}

function verdicts(invalid: string | undefined, catalogue: Catalogue): Verdict[] {
  const [first] = catalogue.invalid;
  if (invalid === undefined && !first) {
    return [{ type: 'Ready', status: 'True', reason: 'Published', message: 'Every release can be installed' }];
  }
  const reason = first ? 'InvalidReleases' : 'InvalidSpec';
  const message = first
    ? `Correct release ${first.version}, the valid ones can be installed: ${first.reason}`
    : `Correct the spec: ${invalid}`;
  return [
    { type: 'Ready', status: 'False', reason, message },
    { type: 'Stalled', status: 'True', reason, message },
  ];
}

import { stampConditions, verdict, type Condition, type Verdict } from '../../api/conditions.ts';
import type { InvalidRelease } from '../catalogue/catalogue.ts';
import type { Notes } from './published-notes.ts';
import { stalled } from './readiness.ts';

/** A Provider or a SystemSoftware, as decisions look at it. */
export interface Published<Catalogue extends Readable, Status> {
  readonly generation: number;
  /** The rule that the spec breaks, where it was stored before the schema had that rule. */
  readonly invalid: string | undefined;
  readonly catalogue: Catalogue;
  readonly status: Status;
}

interface Readable {
  readonly releases: readonly object[];
  readonly invalid: readonly InvalidRelease[];
}

/** How people speak of it. */
interface Words {
  readonly one: string;
  readonly use: string;
  /** The reason of `Ready` where one of them cannot be used. */
  readonly invalid: string;
}

/** The status of everything published: how much of it can be used, and which versions cannot and why. */
export function publishedStatus(
  published: Published<Readable, { readonly conditions?: Condition[] | undefined }>,
  latest: { readonly version: string } | undefined,
  { words, notes, now }: { readonly words: Words; readonly notes: Notes; readonly now: number },
) {
  const { generation, catalogue, status } = published;
  return {
    observedGeneration: generation,
    ...(latest && { latestVersion: latest.version }),
    publishedVersions: catalogue.releases.length,
    ...(catalogue.invalid.length > 0 && { invalidVersions: [...catalogue.invalid] }),
    conditions: stampConditions(status.conditions ?? [], verdicts(published, words, notes), { generation, now }),
  };
}

function verdicts({ invalid, catalogue }: Published<Readable, unknown>, words: Words, notes: Notes): Verdict[] {
  const { one, use } = words;
  const [first] = catalogue.invalid;
  if (invalid === undefined && !first) {
    const except = notes.except.length > 0 ? `, except ${notes.except.join(' and ')}` : '';
    return [
      verdict('Ready', 'True', 'Published', [`Every ${one} can be ${use}${except}`, ...notes.remarks].join('; ')),
    ];
  }
  return first
    ? stalled(words.invalid, `Correct ${one} ${first.version}, the valid ones can be ${use}: ${first.reason}`)
    : stalled('InvalidSpec', `Correct the spec: ${invalid}`);
}

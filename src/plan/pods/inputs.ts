import { hash } from '../../api/hash.ts';
import type { OperatorConfig } from '../../api/operator-config.ts';
import type { Release } from '../../api/provider.ts';
import type { Committed } from '../../api/record.ts';
import type { Tier } from '../../api/tier.ts';
import type { Answers } from './answers.ts';
import { contentHash } from '../catalogue/content.ts';
import type { Configuration } from './environment.ts';
import type { Installation, RolloutRecord } from '../state/observed.ts';
import type { Resolution } from '../software/resolution.ts';
import { formatSoftware } from '../software/set.ts';
import type { Sheet } from './sheet.ts';
import type { TierShape } from './tiers.ts';
import { askedSoftware, podFields } from './wish.ts';

/** All that the children of one installation are made from. */
export interface Inputs {
  readonly installation: Installation;
  readonly release: Release;
  readonly configuration: Configuration;
  readonly sheet: Sheet;
  /** Of the answers in it, by `Answers.hashOf`. */
  readonly answered: string | undefined;
  /** By `State.restart`. */
  readonly restart: string | undefined;
  readonly shape: TierShape;
  readonly definition: Tier | undefined;
  /** Of the record. */
  readonly number: number;
  readonly progressDeadlineSeconds: number;
  readonly minReadySeconds: number;
  readonly software: Pick<Resolution, 'uses' | 'set'>;
  readonly softwareDelivery: OperatorConfig['softwareDelivery'];
}

/** The hashes by which a change of the inputs is seen: of the wish, of the tier's definition, of the release. */
export function inputHashes(
  inputs: Pick<
    Inputs,
    'installation' | 'release' | 'configuration' | 'answered' | 'restart' | 'definition' | 'software'
  >,
): Committed {
  const { installation, release, configuration, answered, restart, definition, software } = inputs;
  const asked = askedSoftware(installation.spec);
  const chosen = formatSoftware(software.set);
  return {
    wish: wishHash(installation, release.version, configuration, { answered, restart }),
    tier: hash(definition ?? null),
    release: contentHash(release),
    ...(asked !== undefined && { asked }),
    ...(chosen !== undefined && { software: chosen }),
  };
}

/** `answered` by `Answers.hashOf`: what nobody asks for makes no other pods. */
export function wishHash(
  { spec }: Installation,
  version: string,
  configuration: Configuration,
  { answered, restart }: Pick<Inputs, 'answered' | 'restart'>,
): string {
  return hash({ version, ...podFields(spec, configuration, restart), answers: answered });
}

/** The same for pods of a record: it is the one in the record as long as nobody asks for others. */
export function wishAgain(
  installation: Installation,
  version: string,
  { configuration, answers }: { readonly configuration: Configuration; readonly answers: Answers },
  record: Pick<RolloutRecord, 'inputs' | 'version' | 'restart'> | undefined,
): string {
  const restart = installation.restart ?? record?.restart;
  return wishHash(installation, version, configuration, { answered: answers.hashAgain(record), restart });
}

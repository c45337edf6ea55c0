import type { InstallationSpec } from '../../api/installation.ts';
import type { Release } from '../../api/provider.ts';
import type { OperatorConfig } from '../../api/operator-config.ts';
import type { ProviderStatus } from '../../api/provider.ts';
import type { Catalogue } from '../catalogue/catalogue.ts';
import type { Failure } from '../failures/failures.ts';
import type { Sheet } from '../pods/sheet.ts';
import type { SoftwareFinder } from '../software/finder.ts';

/** All that the choice of a version depends on. */
export interface VersionInput {
  readonly spec: InstallationSpec;
  readonly catalogue: Catalogue | undefined;
  readonly config: OperatorConfig;
  /** The version whose rollout was done last. */
  readonly stable: string | undefined;
  /** The version committed to the Deployment. */
  readonly installed: string | undefined;
  /** A rollout is under way, neither done nor failed, or the installation is suspended: automation waits for the end. */
  readonly isBusy: boolean;
  /** The version that the consent was used for already. */
  readonly usedConsent: string | undefined;
  readonly now: number;
  /** The version of the cluster as it says it, such as `v1.36.3+k3s1`; unknown refuses nothing. */
  readonly kubernetesVersion?: string | undefined;
  /** When each release was seen first, from the status of the Provider. */
  readonly firstSeen?: ProviderStatus['firstSeen'];
  /** The failures that this installation remembers. */
  readonly failures?: readonly Failure[] | undefined;
  /** The values of the annotation `…/retry`, on the installation and on its Provider. */
  readonly retries?: readonly string[] | undefined;
  /** Hash of the present wish: the wish that failed does not take the same goal again. */
  readonly wish?: string | undefined;
  /** Nothing is wrong that an upgrade would come on top of; true when absent. */
  readonly isHealthy?: boolean | undefined;
  /** A pod is asked for, without which nothing can be proven; true when absent. */
  readonly hasPods?: boolean | undefined;
  /** Hash (hex) of the installation, which gives it its turn within an upgrade window; at the opening when absent. */
  readonly turn?: string | undefined;
  /** Which system software a release would run with; any release can be run when absent. */
  readonly software?: SoftwareFinder | undefined;
  /** The answers to what a release asks for; none is needed when absent. */
  readonly answers?: ((release: Release) => Sheet) | undefined;
  /** Whether the fleet lets one more automatic rollout begin; free when absent. */
  readonly slot?: 'free' | 'queued' | undefined;
}

/** The failures that count, none where nothing is remembered. */
export function memoryOf({ failures = [], retries = [], now }: VersionInput) {
  return { failures, retries, now };
}

/** The version from which automation measures a step: the stable one. Before the first install it is the floor, as if that ran. */
export function baseOf({ spec, stable }: VersionInput): string | undefined {
  return stable ?? (spec.upgradePolicy === 'auto' ? spec.version : undefined);
}

import type { InstallationSpec } from '../../api/installation.ts';
import type { OperatorConfig } from '../../api/operator-config.ts';
import type { InstalledSoftware, SoftwareRelease } from '../../api/software.ts';
import type { Problem } from '../../api/problem.ts';
import type { Shelf } from '../catalogue/software-catalogue.ts';
import type { SoftwareSet } from './set.ts';

/** All that the choice of system software depends on. */
export interface SoftwareInput {
  readonly spec: Pick<InstallationSpec, 'provider' | 'systemSoftware' | 'upgradePolicy' | 'upgrade'>;
  readonly shelf: Shelf;
  /** The software of the stable pods: it stays wherever it can. */
  readonly stable: SoftwareSet;
  /** Software to which automation moved and from which it had to go back, as `php=8.3.13`. */
  readonly avoided: ReadonlySet<string>;
  readonly config: Pick<OperatorConfig, 'allowedImagePrefixes'>;
  readonly now: number;
}

/** Whether what is stable stays where it can, or moves on as its policy allows. */
export type Movement = 'stay' | 'update';

export type Policy = InstalledSoftware['updatePolicy'];

/** One software in the version that was chosen. */
export interface SoftwareUse {
  readonly name: string;
  readonly version: string;
  /** Undefined where what is stable is not published any more. */
  readonly release: SoftwareRelease | undefined;
}

export interface Resolution {
  readonly kind: 'resolution';
  /** Sorted by name. */
  readonly uses: readonly SoftwareUse[];
  readonly set: SoftwareSet;
  /** Why no pods can be made with it now, though those that there are may go on. */
  readonly obstacle: Problem | undefined;
}

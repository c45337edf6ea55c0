import type { Problem } from '../../api/problem.ts';
import type { Release } from '../../api/provider.ts';
import type { InstallationSpec } from '../../api/installation.ts';
import type { Trigger } from '../../api/record.ts';
import { isImageAllowed } from '../catalogue/catalogue.ts';
import type { Resolution } from '../software/resolution.ts';
import type { Observed } from '../state/observed.ts';
import { envNotAllowed, foreignEnv } from '../pods/tenant-env.ts';
import { isIncomplete, type Sheet } from '../pods/sheet.ts';
import { imageNotAllowed, unanswered } from '../version/refusal.ts';

/** The running pods stay: nobody knows their release any more, or the fleet has no room for a change by the platform. */
export interface Keep {
  readonly kind: 'keep';
  readonly version: string;
  readonly isQueued?: boolean;
  /** The release was published again with other content than the running pods have. */
  readonly isContentChanged?: boolean;
}

interface Proposal {
  readonly trigger: Trigger;
  readonly release: Release;
  readonly sheet: Sheet;
  readonly resolution: Resolution;
  /** The release was published again with other content than the running pods have. */
  readonly isContentChanged: boolean;
}

interface Circumstances extends Proposal {
  /** The platform or an update brings it, and not the spec or the version policy. */
  readonly isUnasked: boolean;
  readonly isAllowed: boolean;
  readonly isQueued: boolean;
  readonly spec: InstallationSpec;
  /** It sets variables that the release lets no tenant set. */
  readonly isEnvForeign: boolean;
}

interface Hindrance {
  readonly applies: (to: Circumstances) => boolean;
  readonly outcome: (of: Circumstances) => Keep | Problem | undefined;
}

/** Why no rollout of a release begins for now; the first that applies decides. */
const HINDRANCES: readonly Hindrance[] = [
  {
    // A tenant who asked for no new pods gets no other content, and no image that is not allowed any more.
    applies: ({ isUnasked, isContentChanged, isAllowed }) => isUnasked && (isContentChanged || !isAllowed),
    outcome: ({ release, isContentChanged }) => ({ kind: 'keep', version: release.version, isContentChanged }),
  },
  {
    applies: ({ isUnasked, isQueued }) => isUnasked && isQueued,
    outcome: ({ release }) => ({ kind: 'keep', version: release.version, isQueued: true }),
  },
  {
    applies: ({ isAllowed }) => !isAllowed,
    outcome: ({ release }) => imageNotAllowed(release),
  },
  {
    // A tier change by the platform waits until the missing software is published.
    applies: ({ trigger, resolution }) => trigger === 'Tier' && resolution.obstacle !== undefined,
    outcome: ({ release }) => ({ kind: 'keep', version: release.version }),
  },
  {
    // Nor does it come where a tenant has to answer, or to remove, something first.
    applies: ({ isUnasked, sheet, isEnvForeign }) => isUnasked && (isIncomplete(sheet) || isEnvForeign),
    outcome: ({ release }) => ({ kind: 'keep', version: release.version }),
  },
  {
    applies: ({ isEnvForeign }) => isEnvForeign,
    outcome: ({ release, spec }) => envNotAllowed(release, spec),
  },
  {
    applies: ({ sheet }) => isIncomplete(sheet),
    outcome: ({ release, sheet }) => unanswered(release, sheet),
  },
  {
    applies: ({ resolution }) => resolution.obstacle !== undefined,
    outcome: ({ resolution }) => resolution.obstacle,
  },
];

/** The decision instead of a rollout that may not begin now: the running pods are kept, or the wish cannot be had. */
export function hindranceTo({ config, slot, installation }: Observed, proposal: Proposal): Keep | Problem | undefined {
  const { spec } = installation;
  const circumstances = {
    ...proposal,
    isUnasked: proposal.trigger === 'Tier' || proposal.trigger === 'SystemSoftware',
    isAllowed: isImageAllowed(proposal.release.image, config.allowedImagePrefixes),
    isQueued: slot === 'queued',
    spec,
    isEnvForeign: foreignEnv(proposal.release, spec).length > 0,
  };
  return HINDRANCES.find(({ applies }) => applies(circumstances))?.outcome(circumstances);
}

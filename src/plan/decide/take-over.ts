import { ANNOTATION, LABEL } from '../../api/names.ts';
import type { Release } from '../../api/provider.ts';
import type { RecordData, RecordedDeployment } from '../../api/record.ts';
import { MOST_FAILURES, parseFailures } from '../../api/failure.ts';
import { timestamp } from '../../api/time.ts';
import { requiredBy, type Attempt } from './attempt.ts';
import { findRelease } from '../catalogue/catalogue.ts';
import { child, deploymentOf, type Child } from '../pods/children.ts';
import { inputHashes, type Inputs } from '../pods/inputs.ts';
import { isSameSpec, uncontested } from '../state/owned-hash.ts';
import type { DeploymentView, Observed, RolloutRecord } from '../state/observed.ts';
import { nextNumber } from '../state/record.ts';
import { rollbackSettings } from '../state/rollback-settings.ts';
import { render, type Wanted } from './desired.ts';
import { recordData } from './record-data.ts';
import { isAsAsked } from './software-for.ts';
import { parseSoftware } from '../software/set.ts';

/**
 * Somebody deleted the record of what runs: it is recorded again, and no pod is restarted for it. The record is of what the
 * operator makes of the release and the spec, never of what it finds in the cluster.
 */
export interface TakeOver {
  readonly kind: 'takeOver';
  readonly version: string;
  /** Of the Deployment. */
  readonly uid: string;
  readonly number: number;
  readonly data: RecordData;
}

/**
 * Undefined where the Deployment is not what would be applied for its version now: its release is gone, somebody changed the
 * spec or the Deployment meanwhile, or wrote it under our name. Then nobody knows what it was made from.
 */
export function takeOver(
  observed: Observed,
  deployment: DeploymentView,
  stable: RolloutRecord | undefined,
  { configuration, answers, finder, failures, wishes, now }: Omit<Wanted, 'target'>,
): TakeOver | undefined {
  const { installation, catalogue, retries } = observed;
  const { spec } = installation;
  const release = findRelease(catalogue, deployment.version);
  const made = release && madeFrom(observed, deployment, release, { configuration, answers, finder });
  if (!made) {
    return undefined;
  }
  const { inputs, object } = made;
  const { version } = inputs.release;
  const needs = requiredBy(inputs.release, finder, inputs.software.set);
  const hashes = inputHashes(inputs);
  // The pods show which software they have, not what the spec said of it.
  const committed = isAsAsked(spec, inputs.software.set, { requiredBy: needs })
    ? hashes
    : { ...hashes, asked: 'unknown' };
  const attempt: Attempt = {
    // Under automation its version counts as automation's choice, so that no wish is held should it fail.
    trigger: spec.upgradePolicy === 'auto' && spec.version !== version ? 'Policy' : 'Spec',
    startedAt: timestamp(now),
    // Nobody knows for which wish it was made.
    wish: 'unknown',
    foundWith: wishes.spec,
    // An operator before this one kept them in the Deployment.
    failures: [...failures, ...parseFailures(deployment.failed)].slice(0, MOST_FAILURES),
    retries: [...retries],
    ...(needs && { requiredBy: needs }),
    ...(stable && { from: stable.version }),
  };
  const number = nextNumber(observed);
  const data = recordData({ inputs, attempt, committed }, numbered(object, number));
  return { kind: 'takeOver', version, uid: deployment.uid, number, data };
}

/** It names its new record. Its template keeps the number of the old one, so that no pod is restarted. */
function numbered({ metadata: { annotations: _, ...metadata }, ...rest }: Child['object'], number: number): Child {
  const labels = { ...metadata.labels, [LABEL.rollout]: String(number) };
  return child({ ...rest, metadata: { ...metadata, labels } });
}

/** A Deployment that was made before there were records has no number in its template. */
function inTemplateOf(id: string | undefined, made: Child): Child {
  if (Number.isInteger(Number(id))) {
    return made;
  }
  const { template, ...spec } = made.object.spec as RecordedDeployment['spec'];
  const { [ANNOTATION.rollout]: _, ...annotations } = template?.metadata?.annotations ?? {};
  const metadata = { ...template?.metadata, annotations };
  return child({ ...made.object, spec: { ...spec, template: { ...template, metadata } } });
}

/**
 * The present inputs, where they make exactly what stands: field by field, whatever its annotations say. Only how it is judged may be
 * another, since the platform may have changed that meanwhile: it is as it would be now.
 */
function madeFrom(
  observed: Observed,
  { software, restart, template, owned, progressDeadlineSeconds, minReadySeconds }: DeploymentView,
  release: Release,
  { configuration, answers, finder }: Pick<Wanted, 'configuration' | 'answers' | 'finder'>,
): { readonly inputs: Inputs; readonly object: Child['object'] } | undefined {
  const resolution = finder.keep(parseSoftware(software));
  const rendering = render(observed, { restart }, { configuration, answers }, release, { resolution });
  const { stableSeconds } = rollbackSettings(observed.installation.spec, observed.config);
  const inputs = { ...rendering.inputs, minReadySeconds: stableSeconds, number: Number(template) };
  const { hash } = inTemplateOf(template, deploymentOf({ ...inputs, progressDeadlineSeconds, minReadySeconds }));
  // What others have added goes with the apply.
  return isSameSpec(hash, uncontested(owned))
    ? { inputs, object: inTemplateOf(template, deploymentOf(inputs)).object }
    : undefined;
}

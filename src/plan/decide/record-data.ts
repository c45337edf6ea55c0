import type { Committed, RecordData, RecordedDeployment } from '../../api/record.ts';
import type { Attempt } from './attempt.ts';
import { budgetOf, type Child } from '../pods/children.ts';
import { recordedContent } from '../catalogue/content.ts';
import type { Inputs } from '../pods/inputs.ts';
import { servicePorts } from '../pods/service.ts';

/** What the record of a rollout says: always of a Deployment that is made here, never of one that was found. */
export function recordData(
  { inputs, attempt, committed }: { readonly inputs: Inputs; readonly attempt: Attempt; readonly committed: Committed },
  { object, hash }: Child,
): RecordData {
  const { installation, release, sheet, restart } = inputs;
  const { labels, annotations = {} } = object.metadata;
  const ports = servicePorts(release);
  return {
    ...attempt,
    provider: installation.spec.provider,
    committed,
    version: release.version,
    image: release.image,
    content: recordedContent(release),
    applied: hash,
    ...(sheet.inputs.length > 0 && { inputs: sheet.inputs }),
    ...(restart !== undefined && { restart }),
    ...(ports && { ports }),
    hasBudget: budgetOf(inputs) !== undefined,
    effective: effective(inputs),
    deployment: { metadata: { labels, annotations }, spec: object.spec as RecordedDeployment['spec'] },
  };
}

/** The tier and configuration of these pods, after defaults. */
export function effective({ shape, configuration }: Inputs): RecordData['effective'] {
  const { replicas, requests, limits } = shape;
  const tier = { ...(replicas !== undefined && { replicas }), resources: { requests, limits } };
  return { tier, configHash: configuration.hash };
}

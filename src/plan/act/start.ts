import type { Action } from './action.ts';
import { budgetOf, deploymentOf, type Child } from '../pods/children.ts';
import type { Inputs } from '../pods/inputs.ts';
import type { RecordData, RecordedDeployment } from '../../api/record.ts';
import { generating } from './generate.ts';
import { need } from './need.ts';
import type { Observed } from '../state/observed.ts';
import { recordObject } from '../pods/record-object.ts';
import { neverBegun, straysOf } from './retention.ts';
import type { Start } from '../decide/desired.ts';
import { serviceFor, servicePorts } from '../pods/service.ts';
import type { State } from '../state/state.ts';
import { removing, restoring, servingNow } from './upkeep.ts';

/** The writes that begin a rollout: its record first, then what the pods need, and the Deployment last. */
export function starting(observed: Observed, state: State, start: Start): Action[] {
  const { installation, service, budget } = observed;
  const { inputs, begun } = start;
  const { deployment } = state;
  const want = deploymentOf(inputs);
  const record = recordObject(installation, inputs.number, recordData(start, want));
  const { ports = [] } = inputs.release.runtime ?? {};
  const own = {
    ports: servicePorts(inputs.release),
    numbers: new Map(ports.map((p) => [p.name, p.containerPort])),
  };
  const apply = need(observed, 'Deployment', deployment && { ...deployment, applied: deployment.owned }, want);
  const leave = deployment?.ownsReplicas && inputs.shape.replicas === undefined;
  const strays = deployment ? [] : straysOf(observed, state);
  return [
    ...inputs.sheet.generated.map((one) => generating(installation, one)),
    // Before the Deployment is there, by which they could be taken for ours.
    ...strays.map(removing),
    begun ? undefined : ({ kind: 'record', child: 'ControllerRevision', object: record } as const),
    ...neverBegun(state, begun).map(removing),
    need(observed, 'Service', service, serviceFor(installation, own, servingNow(observed, state))),
    need(observed, 'PodDisruptionBudget', budget, budgetOf(inputs), true),
    begun && begun.applied !== want.hash
      ? restoring(state, begun, undefined)
      : apply && { ...apply, ...(leave && { leaveReplicas: deployment.replicas }) },
  ].filter((action) => action !== undefined);
}

function recordData({ inputs, attempt, committed }: Start, { object, hash }: Child): RecordData {
  const { installation, release, sheet, restart } = inputs;
  const { labels, annotations = {} } = object.metadata;
  const ports = servicePorts(release);
  return {
    ...attempt,
    provider: installation.spec.provider,
    committed,
    version: release.version,
    image: release.image,
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

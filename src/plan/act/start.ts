import type { Action } from './action.ts';
import { budgetOf, deploymentOf } from '../pods/children.ts';
import { generating } from './generate.ts';
import { need } from './need.ts';
import type { Observed } from '../state/observed.ts';
import { recordedDeployment, recordObject } from '../pods/record-object.ts';
import { neverBegun, straysOf } from './retention.ts';
import type { Start } from '../decide/desired.ts';
import { recordData } from '../decide/record-data.ts';
import type { TakeOver } from '../decide/take-over.ts';
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

/** The writes that record again what runs, and let its Deployment name the record. */
export function takingOver({ installation }: Observed, { uid, number, data }: TakeOver): Action[] {
  const { object } = recordedDeployment(installation, data.deployment);
  return [
    { kind: 'record', child: 'ControllerRevision', object: recordObject(installation, number, data) },
    { kind: 'apply', child: 'Deployment', object, uid, heals: undefined },
  ];
}

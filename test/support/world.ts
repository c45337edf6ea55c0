import { expect } from 'vitest';
import { ANNOTATION } from '../../src/api/names.ts';
import type { InstallationStatus } from '../../src/api/installation.ts';
import type { Catalogue } from '../../src/plan/catalogue.ts';
import { parseCommitted } from '../../src/plan/committed.ts';
import type { Action } from '../../src/plan/actions.ts';
import type {
  ChildView,
  DeploymentView,
  Installation,
  Observed,
  ServicePort,
  ServiceView,
} from '../../src/plan/observed.ts';
import { plan, type Plan } from '../../src/plan/plan.ts';
import { installation as anInstallation, observed } from './builders.ts';
import { expectKstatus } from './kstatus.ts';

type Applied = Extract<Action, { kind: 'apply' }>;

interface DeploymentObject {
  readonly metadata: { readonly annotations: Readonly<Record<string, string>> };
  readonly spec: {
    readonly replicas?: number;
    readonly template: {
      readonly metadata: { readonly annotations: Readonly<Record<string, string>> };
      readonly spec: {
        readonly containers: readonly {
          readonly image: string;
          readonly ports?: readonly { readonly name: string; readonly containerPort: number }[];
        }[];
      };
    };
  };
}

/**
 * One installation in a cluster of plain data: what a plan writes is there at once, and the Deployment controller does
 * its part when it is told to. For decisions only; how a real API server answers is shown on a real one.
 */
export class World {
  observed: Observed;
  now = Date.parse('2026-01-01T00:00:00Z');
  readonly journal: string[] = [];
  #uid = 0;

  constructor(catalogue: Catalogue | undefined, spec: Parameters<typeof anInstallation>[0] = {}) {
    this.observed = observed({ catalogue, installation: anInstallation(spec) });
  }

  get status(): InstallationStatus {
    return this.observed.installation.status;
  }

  ready(): string {
    const ready = this.status.conditions?.find((c) => c.type === 'Ready');
    return ready ? `${ready.status} ${ready.reason}` : '';
  }

  edit(spec: Partial<Installation['spec']>): void {
    const { installation } = this.observed;
    this.#see({
      installation: {
        ...installation,
        generation: installation.generation + 1,
        spec: { ...installation.spec, ...spec },
      },
    });
  }

  publish(catalogue: Catalogue | undefined): void {
    this.#see({ catalogue });
  }

  loseStatus(): void {
    this.#see({ installation: { ...this.observed.installation, status: { observedGeneration: -1 } } });
  }

  /** Somebody changes a field that the operator owns. */
  tamper(manager: string, field: string): void {
    const { deployment } = this.observed;
    this.#see({
      deployment: deployment && {
        ...deployment,
        owned: `${manager}-was-here`,
        changed: { manager, paths: [field.split('.')] },
      },
    });
  }

  /** Somebody changes a label that the operator owns: nothing that runs. */
  relabel(): void {
    const { deployment } = this.observed;
    this.#see({ deployment: deployment && { ...deployment, owned: `relabelled.${deployment.owned.split('.')[1]}` } });
  }

  /** One reconcile: plans, applies, reports. */
  reconcile(): Plan {
    const planned = plan(this.observed, this.now);
    for (const action of planned.writes) {
      this.#write(action);
    }
    this.#see({ installation: { ...this.observed.installation, status: planned.status } });
    expectKstatus(planned.status, this.observed.installation.generation);
    return planned;
  }

  /** Reconciles until nothing is written any more, no child and no status, as each write wakes the next reconcile. */
  settle(): void {
    for (let step = 0; step < 10; step += 1) {
      const before = JSON.stringify(this.status);
      if (this.reconcile().writes.length === 0 && JSON.stringify(this.status) === before) {
        return;
      }
    }
    expect.fail('It never settles');
  }

  /** The Deployment controller rolls out what is committed. */
  rollOut(): void {
    const { deployment } = this.observed;
    if (deployment) {
      const { generation, replicas } = deployment;
      const all = { observedGeneration: generation, total: replicas, updated: replicas, available: replicas };
      this.#see({ deployment: { ...deployment, ...all, progress: 'NewReplicaSetAvailable' } });
    }
  }

  /** The Deployment controller gives up: the old pods serve, the new ones do not. */
  fail(): void {
    const { deployment } = this.observed;
    if (deployment) {
      const { generation, replicas } = deployment;
      const stuck = { observedGeneration: generation, total: replicas + 1, updated: 1, available: replicas };
      this.#see({ deployment: { ...deployment, ...stuck, progress: 'ProgressDeadlineExceeded' } });
    }
  }

  /** Reconciles, rolls out, reconciles. */
  converge(): void {
    this.settle();
    this.rollOut();
    this.settle();
  }

  #see(more: Partial<Observed>): void {
    this.observed = { ...this.observed, ...more };
  }

  #write(action: Action): void {
    this.journal.push(`${action.kind === 'remove' ? 'remove' : 'apply'} ${action.child}`);
    switch (action.child) {
      case 'Deployment':
        this.#see({ deployment: action.kind === 'remove' ? undefined : this.#deployment(action) });
        break;
      case 'Service':
        this.#see({ service: action.kind === 'remove' ? undefined : this.#service(action) });
        break;
      case 'PodDisruptionBudget':
        this.#see({ budget: action.kind === 'remove' ? undefined : this.#child(action) });
        break;
    }
  }

  #child({ object }: Applied): ChildView {
    this.#uid += 1;
    const { name, uid } = this.observed.installation;
    const applied = object.metadata.annotations?.[ANNOTATION.applied];
    return {
      uid: `uid-${this.#uid}`,
      deleting: false,
      owner: { kind: 'ProviderInstallation', name, uid },
      adoptable: true,
      owned: applied ?? '',
      applied,
      changed: undefined,
    };
  }

  #service(action: Applied): ServiceView {
    return { ...this.#child(action), ports: (action.object.spec as { ports: readonly ServicePort[] }).ports };
  }

  #deployment(action: Applied): DeploymentView {
    const { metadata, spec } = action.object as unknown as DeploymentObject;
    const before = this.observed.deployment;
    const [container] = spec.template.spec.containers;
    return {
      ...this.#child(action),
      committed: parseCommitted(metadata.annotations[ANNOTATION.committed]),
      version: spec.template.metadata.annotations[ANNOTATION.version],
      stableVersion: metadata.annotations[ANNOTATION.stableVersion],
      image: container?.image,
      ports: new Map(container?.ports?.map((p) => [p.name, p.containerPort])),
      generation: (before?.generation ?? 0) + 1,
      observedGeneration: before?.observedGeneration ?? 0,
      replicas: spec.replicas ?? 1,
      total: before?.total ?? 0,
      updated: before?.updated ?? 0,
      available: before?.available ?? 0,
      progress: before?.progress,
      failure: undefined,
      ownsReplicas: spec.replicas !== undefined,
      paused: false,
    };
  }
}

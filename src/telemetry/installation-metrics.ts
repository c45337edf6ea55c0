import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import { findCondition, type Condition } from '../api/conditions.ts';
import { HistoryEntry } from '../api/upgrade-status.ts';
import { epoch } from '../api/time.ts';
import { endedRollouts, type Rollouts } from './ended-rollouts.ts';

/** Up to the longest deadline that people give a rollout. */
const ROLLOUT_SECONDS = [5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600];

export interface MeasuredInstallation {
  /** `namespace/name` */
  readonly key: string;
  readonly status: Rollouts & { readonly conditions?: Condition[] | undefined };
}

/**
 * Metrics of installations and of how their upgrades ended. Only an installation that is not Ready has a series of its own,
 * so that a thousand healthy ones cost as much as one. Its labels are called neither `namespace` nor `pod`: a scrape puts the
 * operator's own there.
 */
export function createInstallationMetrics(registry: Registry) {
  const registers = [registry];
  let installations: () => Iterable<MeasuredInstallation> = () => [];
  /** Counted when it is asked for, so that it costs nothing in between. */
  const gauge = <Label extends string>(
    name: string,
    help: string,
    labelNames: readonly Label[],
    labelsOf: (installation: MeasuredInstallation) => readonly Readonly<Record<Label, string>>[],
  ) =>
    new Gauge({
      name,
      help: `${help}; told by the replica that leads`,
      labelNames,
      registers,
      collect() {
        this.reset();
        for (const { labels, count } of counted(installations(), labelsOf)) {
          this.set(labels, count);
        }
      },
    });
  gauge(
    'provider_operator_installations',
    'Installations by their condition Ready',
    ['ready', 'reason'],
    ({ status }) => [readyOf(status)],
  );
  gauge(
    'provider_operator_installation_conditions',
    'Installations by each of their other conditions',
    ['type', 'status'],
    ({ status: { conditions = [] } }) =>
      conditions.filter(({ type }) => type !== 'Ready').map(({ type, status }) => ({ type, status })),
  );
  gauge(
    'provider_operator_installation_not_ready',
    'One for each installation that is not Ready',
    ['tenant', 'installation', 'reason', 'stalled'],
    ({ key, status }) => {
      const { ready, reason } = readyOf(status);
      const stalled = String(findCondition(status.conditions, 'Stalled')?.status === 'True');
      const [tenant = '', installation = ''] = key.split('/');
      return ready === 'True' ? [] : [{ tenant, installation, reason, stalled }];
    },
  );
  const rollouts = new Counter({
    name: 'provider_operator_rollouts_total',
    help: 'Rollouts that ended, by who asked for them and how they ended',
    labelNames: ['trigger', 'result'],
    registers,
  });
  const seconds = new Histogram({
    name: 'provider_operator_rollout_duration_seconds',
    help: 'How long rollouts took that ended',
    labelNames: ['result'],
    registers,
    buckets: ROLLOUT_SECONDS,
  });
  // From zero, or the first failure would be no increase.
  for (const trigger of HistoryEntry.shape.trigger.options) {
    for (const result of HistoryEntry.shape.result.unwrap().options) {
      rollouts.inc({ trigger, result }, 0);
    }
  }

  return {
    /** Where to look when somebody asks; empty in a replica that stands by. */
    watchInstallations(list: () => Iterable<MeasuredInstallation>) {
      installations = list;
    },
    /** A status was written. */
    onReported: (before: Rollouts, after: Rollouts) => {
      for (const { trigger, result, startedAt, completedAt } of endedRollouts(before, after)) {
        rollouts.inc({ trigger, result });
        seconds.observe({ result }, (epoch(completedAt) - epoch(startedAt)) / 1000);
      }
    },
  };
}

function readyOf({ conditions }: MeasuredInstallation['status']): { readonly ready: string; readonly reason: string } {
  const ready = findCondition(conditions, 'Ready');
  return { ready: ready?.status ?? 'Unknown', reason: ready?.reason ?? 'NotSeen' };
}

/** How many there are of each set of labels. The registry hashes labels at each touch, so it is touched once for each set. */
function counted<Labels extends Readonly<Record<string, string>>>(
  installations: Iterable<MeasuredInstallation>,
  labelsOf: (installation: MeasuredInstallation) => readonly Labels[],
): Iterable<{ readonly labels: Labels; readonly count: number }> {
  const sets = new Map<string, { readonly labels: Labels; count: number }>();
  for (const installation of installations) {
    for (const labels of labelsOf(installation)) {
      const id = Object.values(labels).join(' ');
      const known = sets.get(id);
      if (known) {
        known.count += 1;
      } else {
        sets.set(id, { labels, count: 1 });
      }
    }
  }
  return sets.values();
}

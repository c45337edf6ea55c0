import { verdict, type Verdict } from '../../api/conditions.ts';
import { formatPath } from '../act/culprit.ts';
import type { FieldPath, Observed } from '../state/observed.ts';
import type { Findings } from './findings.ts';

/** The rest is counted: a webhook that fills in everything would fill the message. */
const MOST_FIELDS = 3;

/** `Drifted`: what others change again and again; else what admission makes of what is applied, which is accepted. */
export function drift({ observed, actions }: Pick<Findings, 'observed' | 'actions'>): Verdict[] {
  const [fought] = actions.postponed;
  if (fought) {
    return [verdict('Drifted', 'True', 'HealsDoNotHold', fought.culprit)];
  }
  const fields = rewrittenIn(observed);
  return fields.length === 0
    ? []
    : [
        verdict(
          'Drifted',
          'False',
          'RewrittenOnAdmission',
          `A mutating webhook or policy changes ${shortened(fields)}: that is accepted, and nothing has to be done`,
        ),
      ];
}

function rewrittenIn({ deployment, service, budget }: Observed): string[] {
  const children = { Deployment: deployment, Service: service, PodDisruptionBudget: budget };
  return Object.entries(children).flatMap(([kind, view]) =>
    (view?.rewritten ?? []).map((path: FieldPath) => `${formatPath(path)} of the ${kind}`),
  );
}

function shortened(fields: readonly string[]): string {
  const shown = fields.slice(0, MOST_FIELDS);
  const left = fields.length - shown.length;
  return left > 0 ? `${shown.join(', ')} and ${left} more` : shown.join(', ');
}

import { GROUP } from '../../api/names.ts';
import type { ChildView, FieldPath } from '../state/observed.ts';

/**
 * The manager that changed an object, and the field, as messages say it: the last one that wrote, and the first of its
 * fields that we want as well.
 * Nobody owns a field that is gone.
 */
export function culpritOf({ changed, contested }: ChildView, want?: object): string {
  const ours = changed?.paths.filter((p) => want === undefined || hasPath(want, p)) ?? [];
  // `kubectl rollout undo` brings back our labels and annotations as well: what they stand for says more.
  const path = ours.find((p) => !p.includes('annotations') && !p.some(isName)) ?? ours[0];
  if (changed && path) {
    return `${formatPath(path)} was changed by "${changed.manager}"`;
  }
  const [added] = contested?.paths ?? [];
  if (!contested || !added) {
    return 'A field was removed, and managedFields do not say by whom';
  }
  const by = contested.manager === undefined ? ', and managedFields do not say by whom' : ` by "${contested.manager}"`;
  return `${formatPath(added)} was added${by}`;
}

/** A label or an annotation of the operator. */
function isName(part: FieldPath[number]): boolean {
  return typeof part === 'string' && part.startsWith(`${GROUP}/`);
}

/** Whether an apply of `want` leaves something behind of what others have set: it takes only what it names itself. */
export function leavesBehind({ paths }: NonNullable<ChildView['contested']>, want: object): boolean {
  return paths.some((path) => !hasPath(want, path));
}

/** Whether there is something at the path. */
function hasPath(value: unknown, [first, ...rest]: FieldPath): boolean {
  if (first === undefined) {
    return true;
  }
  if (typeof first === 'object') {
    return (
      Array.isArray(value) &&
      value.some(
        (item) =>
          Object.entries(first).every(([k, v]) => (item as Record<string, unknown> | null)?.[k] === v) &&
          hasPath(item, rest),
      )
    );
  }
  return (
    typeof value === 'object' &&
    value !== null &&
    Object.hasOwn(value, first) &&
    hasPath((value as Record<string, unknown>)[first], rest)
  );
}

/** As people write it: `spec.replicas`, `spec.template.spec.containers[name=provider].image`. */
export function formatPath(path: FieldPath): string {
  return path
    .map((part) =>
      typeof part === 'string'
        ? `.${part}`
        : `[${Object.entries(part)
            .map(([k, v]) => `${k}=${String(v)}`)
            .join(',')}]`,
    )
    .join('')
    .slice(1);
}

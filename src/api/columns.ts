/** What `kubectl get` shows. */
export interface Column {
  readonly name: string;
  readonly type: string;
  readonly jsonPath: string;
  readonly description: string;
  readonly priority?: number;
}

const condition = (type: string, field: string) => `.status.conditions[?(@.type=="${type}")].${field}`;

const AGE: Column = {
  name: 'Age',
  type: 'date',
  jsonPath: '.metadata.creationTimestamp',
  description: 'Since when it exists',
};

export const installationColumns: Column[] = [
  { name: 'Provider', type: 'string', jsonPath: '.spec.provider', description: 'What is installed' },
  {
    name: 'Current',
    type: 'string',
    jsonPath: '.status.currentVersion',
    description: 'The version whose rollout was done last',
  },
  { name: 'Target', type: 'string', jsonPath: '.status.targetVersion', description: 'The version decided on' },
  { name: 'Policy', type: 'string', jsonPath: '.spec.upgradePolicy', description: 'Who decides on upgrades' },
  { name: 'Tier', type: 'string', jsonPath: '.spec.resourceTier', description: 'How much it gets' },
  {
    name: 'Ready',
    type: 'string',
    jsonPath: condition('Ready', 'status'),
    description: 'Whether what the spec asks for runs',
  },
  { name: 'Status', type: 'string', jsonPath: condition('Ready', 'reason'), description: 'Why' },
  {
    name: 'Update',
    type: 'string',
    jsonPath: condition('UpdateAvailable', 'status'),
    description: 'Whether a newer release is published',
  },
  AGE,
  {
    name: 'Message',
    type: 'string',
    jsonPath: condition('Ready', 'message'),
    description: 'Why, in words',
    priority: 1,
  },
  {
    name: 'Image',
    type: 'string',
    jsonPath: '.status.currentImage',
    description: 'Image of the current version',
    priority: 1,
  },
];

export const providerColumns: Column[] = [
  { name: 'Org', type: 'string', jsonPath: '.spec.org', description: 'Who publishes it' },
  { name: 'Provider', type: 'string', jsonPath: '.spec.name', description: 'Its name' },
  { name: 'Latest', type: 'string', jsonPath: '.status.latestVersion', description: 'Highest release for everybody' },
  {
    name: 'Versions',
    type: 'integer',
    jsonPath: '.status.publishedVersions',
    description: 'How many releases can be installed',
  },
  {
    name: 'Ready',
    type: 'string',
    jsonPath: condition('Ready', 'status'),
    description: 'Whether every release can be installed',
  },
  AGE,
  {
    name: 'Message',
    type: 'string',
    jsonPath: condition('Ready', 'message'),
    description: 'What is wrong with it',
    priority: 1,
  },
];

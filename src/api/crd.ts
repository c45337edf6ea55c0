import { z } from 'zod';
import { installationColumns, providerColumns, softwareColumns, type Column } from './columns.ts';
import type { Rule } from './field.ts';
import { InstallationSpec, InstallationStatus } from './installation.ts';
import {
  GROUP,
  INSTALLATION_KIND,
  INSTALLATION_NAME,
  INSTALLATION_PLURAL,
  PROVIDER_KIND,
  PROVIDER_PLURAL,
  SOFTWARE_KIND,
  SOFTWARE_PLURAL,
  VERSION,
} from './names.ts';
import { ProviderSpec, ProviderStatus } from './provider.ts';
import { NAME, NAME_MESSAGE } from './published.ts';
import { SoftwareSpec, SoftwareStatus } from './software.ts';

/** A node of a structural schema, as far as this file looks into it. */
export interface SchemaNode {
  type?: string;
  description?: string;
  properties?: Record<string, SchemaNode>;
  additionalProperties?: SchemaNode | boolean;
  items?: SchemaNode;
  [key: string]: unknown;
}

/**
 * Makes a structural schema of a zod schema.
 * https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#specifying-a-structural-schema
 *
 * Such a schema cannot say all that zod can: patterns that are refinements travel as CEL (field.ts), and the pattern of a map's
 * keys is dropped (a CEL rule stands beside it).
 */
function structuralSchema(schema: z.ZodType): SchemaNode {
  const root = z.toJSONSchema(schema, {
    target: 'openapi-3.0',
    io: 'input',
    unrepresentable: 'throw',
    reused: 'inline',
    override({ jsonSchema }) {
      const node = jsonSchema as SchemaNode;
      if (node['x-kubernetes-int-or-string'] === true) {
        delete node['anyOf'];
        delete node.type;
      }
      if (node.type === 'integer') {
        node['format'] = 'int64';
      }
      delete node['propertyNames'];
    },
  });
  const { $schema: _, ...node } = root as SchemaNode;
  return node;
}

/** Lets optional fields be null, as charts render what is not set: it is stored and read as if it were not there. */
function nullMeansAbsent(node: SchemaNode): SchemaNode {
  const required = (node['required'] ?? []) as readonly string[];
  for (const [name, child] of Object.entries(node.properties ?? {})) {
    nullMeansAbsent(child);
    // A field with a default gets it in place of null, and an enum is a closed list.
    if (!required.includes(name) && !('default' in child) && !('enum' in child)) {
      child['nullable'] = true;
    }
  }
  if (node.items) {
    nullMeansAbsent(node.items);
  }
  if (typeof node.additionalProperties === 'object') {
    node.additionalProperties['nullable'] = true;
  }
  return node;
}

interface Kind {
  readonly kind: string;
  readonly plural: string;
  readonly scope: 'Cluster' | 'Namespaced';
  readonly shortNames?: readonly string[];
  readonly categories?: readonly string[];
  readonly description: string;
  readonly spec: z.ZodType;
  readonly status: z.ZodType;
  readonly rules: readonly Rule[];
  readonly columns: readonly Column[];
  readonly selectableFields?: readonly string[];
}

function customResourceDefinition(kind: Kind) {
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${kind.plural}.${GROUP}` },
    spec: {
      group: GROUP,
      scope: kind.scope,
      names: {
        kind: kind.kind,
        listKind: `${kind.kind}List`,
        plural: kind.plural,
        singular: kind.kind.toLowerCase(),
        ...(kind.shortNames && { shortNames: kind.shortNames }),
        ...(kind.categories && { categories: kind.categories }),
      },
      versions: [
        {
          name: VERSION,
          served: true,
          storage: true,
          subresources: { status: {} },
          additionalPrinterColumns: kind.columns,
          ...(kind.selectableFields && { selectableFields: kind.selectableFields.map((jsonPath) => ({ jsonPath })) }),
          schema: {
            openAPIV3Schema: {
              type: 'object',
              description: kind.description,
              required: ['spec'],
              'x-kubernetes-validations': kind.rules,
              properties: {
                apiVersion: { type: 'string', description: 'Version of this schema.', maxLength: 64 },
                kind: { type: 'string', description: 'Kind of the object.', maxLength: 64 },
                metadata: { type: 'object' },
                spec: nullMeansAbsent(structuralSchema(kind.spec)),
                // The default makes a new object say "not looked at yet" to kstatus, from its first moment.
                status: { ...structuralSchema(kind.status), default: { observedGeneration: -1 } },
              },
            },
          },
        },
      ],
    },
  };
}

export function installationCrd() {
  return customResourceDefinition({
    kind: INSTALLATION_KIND,
    plural: INSTALLATION_PLURAL,
    scope: 'Namespaced',
    shortNames: ['pi'],
    categories: ['provider-operator'],
    description: 'One provider, installed into a namespace and kept on the version that its policy allows.',
    spec: InstallationSpec,
    status: InstallationStatus,
    rules: [
      {
        rule: `self.metadata.name.matches('${INSTALLATION_NAME.source}') && size(self.metadata.name) <= 52`,
        message:
          'metadata.name must be at most 52 of a-z, 0-9 and -, starting with a letter: it names the Deployment and the Service',
      },
    ],
    columns: installationColumns,
    selectableFields: ['.spec.provider', '.spec.upgradePolicy', '.spec.resourceTier'],
  });
}

export function providerCrd() {
  return customResourceDefinition({
    kind: PROVIDER_KIND,
    plural: PROVIDER_PLURAL,
    scope: 'Cluster',
    shortNames: ['prov'],
    description: 'One entry of the catalogue: a provider and its published releases.',
    spec: ProviderSpec,
    status: ProviderStatus,
    rules: [
      {
        rule: "self.metadata.name == self.spec.org + '.' + self.spec.name",
        message: 'metadata.name must be <org>.<name> of the spec',
        messageExpression: "'metadata.name must be ' + self.spec.org + '.' + self.spec.name",
      },
    ],
    columns: providerColumns,
    selectableFields: ['.spec.org'],
  });
}

export function softwareCrd() {
  return customResourceDefinition({
    kind: SOFTWARE_KIND,
    plural: SOFTWARE_PLURAL,
    scope: 'Cluster',
    description: 'What providers run on, such as an interpreter, and its published versions.',
    spec: SoftwareSpec,
    status: SoftwareStatus,
    rules: [
      {
        rule: `self.metadata.name.matches('${NAME.source}') && size(self.metadata.name) <= 31`,
        message: `metadata.name: ${NAME_MESSAGE}`,
      },
    ],
    columns: softwareColumns,
  });
}

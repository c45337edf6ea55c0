import type { Answer } from './conversation.ts';

/** The answers of kube-apiserver 1.36.3 to `CONVERSATION`, without the fields that its own controllers own. */
export const RECORDED: readonly Answer[] = [
  {
    status: 200,
    generation: 1,
    owners: {
      'provider-operator Apply': {
        got: [
          'metadata annotations applied',
          'metadata labels managed',
          'spec replicas',
          'spec selector',
          'spec template metadata labels app',
          'spec template spec containers k:{"name":"provider"} .',
          'spec template spec containers k:{"name":"provider"} env k:{"name":"A"} .',
          'spec template spec containers k:{"name":"provider"} env k:{"name":"A"} name',
          'spec template spec containers k:{"name":"provider"} env k:{"name":"A"} value',
          'spec template spec containers k:{"name":"provider"} env k:{"name":"B"} .',
          'spec template spec containers k:{"name":"provider"} env k:{"name":"B"} name',
          'spec template spec containers k:{"name":"provider"} env k:{"name":"B"} value',
          'spec template spec containers k:{"name":"provider"} image',
          'spec template spec containers k:{"name":"provider"} name',
          'spec template spec containers k:{"name":"provider"} ports k:{"containerPort":8080,"protocol":"TCP"} .',
          'spec template spec containers k:{"name":"provider"} ports k:{"containerPort":8080,"protocol":"TCP"} containerPort',
          'spec template spec containers k:{"name":"provider"} ports k:{"containerPort":8080,"protocol":"TCP"} name',
          'spec template spec containers k:{"name":"provider"} ports k:{"containerPort":8080,"protocol":"TCP"} protocol',
          'spec template spec containers k:{"name":"provider"} resources limits cpu',
        ],
      },
    },
    env: ['A', 'B'],
  },
  { status: 200, generation: 1, env: ['A', 'B'] },
  {
    status: 200,
    generation: 2,
    owners: { 'provider-operator Apply': { lost: ['spec replicas'] }, 'editor Update': { got: ['spec replicas'] } },
    env: ['A', 'B'],
  },
  { status: 409, reason: 'Conflict', causes: ['.spec.replicas'] },
  {
    status: 200,
    generation: 3,
    owners: { 'provider-operator Apply': { got: ['spec replicas'] }, 'editor Update': { lost: ['spec replicas'] } },
    env: ['A', 'B'],
  },
  {
    status: 200,
    generation: 4,
    owners: {
      'provider-operator Apply': {
        got: [
          'metadata labels version',
          'spec template spec containers k:{"name":"provider"} env k:{"name":"C"} .',
          'spec template spec containers k:{"name":"provider"} env k:{"name":"C"} name',
          'spec template spec containers k:{"name":"provider"} env k:{"name":"C"} value',
        ],
        lost: [
          'spec replicas',
          'spec template spec containers k:{"name":"provider"} env k:{"name":"B"} .',
          'spec template spec containers k:{"name":"provider"} env k:{"name":"B"} name',
          'spec template spec containers k:{"name":"provider"} env k:{"name":"B"} value',
        ],
      },
    },
    env: ['C', 'A'],
  },
  {
    status: 200,
    generation: 5,
    owners: {
      'provider-operator Apply': {
        lost: [
          'spec template spec containers k:{"name":"provider"} env k:{"name":"A"} .',
          'spec template spec containers k:{"name":"provider"} env k:{"name":"A"} name',
          'spec template spec containers k:{"name":"provider"} env k:{"name":"A"} value',
          'spec template spec containers k:{"name":"provider"} env k:{"name":"C"} .',
          'spec template spec containers k:{"name":"provider"} env k:{"name":"C"} name',
          'spec template spec containers k:{"name":"provider"} env k:{"name":"C"} value',
          'spec template spec containers k:{"name":"provider"} image',
        ],
      },
      'editor Update': {
        got: [
          'spec replicas',
          'spec template spec containers k:{"name":"provider"} env k:{"name":"D"} .',
          'spec template spec containers k:{"name":"provider"} env k:{"name":"D"} name',
          'spec template spec containers k:{"name":"provider"} env k:{"name":"D"} value',
          'spec template spec containers k:{"name":"provider"} image',
        ],
      },
    },
    env: ['D'],
  },
  {
    status: 200,
    generation: 6,
    owners: {
      'provider-operator Apply': {
        got: [
          'spec template spec containers k:{"name":"provider"} env k:{"name":"A"} .',
          'spec template spec containers k:{"name":"provider"} env k:{"name":"A"} name',
          'spec template spec containers k:{"name":"provider"} env k:{"name":"A"} value',
          'spec template spec containers k:{"name":"provider"} env k:{"name":"C"} .',
          'spec template spec containers k:{"name":"provider"} env k:{"name":"C"} name',
          'spec template spec containers k:{"name":"provider"} env k:{"name":"C"} value',
          'spec template spec containers k:{"name":"provider"} image',
        ],
      },
      'editor Update': { lost: ['spec template spec containers k:{"name":"provider"} image'] },
    },
    env: ['D', 'C', 'A'],
  },
  {
    status: 200,
    generation: 6,
    owners: { 'provider-operator Apply': { lost: ['metadata labels managed'] } },
    env: ['D', 'C', 'A'],
  },
  {
    status: 200,
    generation: 6,
    owners: { 'provider-operator Apply': { got: ['metadata labels managed'] } },
    env: ['D', 'C', 'A'],
  },
  {
    status: 200,
    generation: 7,
    owners: {
      'provider-operator Apply': {
        lost: ['spec template spec containers k:{"name":"provider"} env k:{"name":"A"} value'],
      },
      'editor Update': { got: ['spec template spec containers k:{"name":"provider"} env k:{"name":"A"} value'] },
    },
    env: ['C', 'A', 'D'],
  },
  {
    status: 200,
    generation: 8,
    owners: {
      'provider-operator Apply': {
        lost: [
          'spec template spec containers k:{"name":"provider"} env k:{"name":"A"} .',
          'spec template spec containers k:{"name":"provider"} env k:{"name":"A"} name',
        ],
      },
      'editor Update': { lost: ['spec template spec containers k:{"name":"provider"} env k:{"name":"A"} value'] },
    },
    env: ['C', 'D'],
  },
  {
    status: 200,
    generation: 9,
    owners: {
      'provider-operator Apply': {
        got: [
          'spec template spec containers k:{"name":"provider"} env k:{"name":"A"} .',
          'spec template spec containers k:{"name":"provider"} env k:{"name":"A"} name',
          'spec template spec containers k:{"name":"provider"} env k:{"name":"A"} value',
        ],
      },
    },
    env: ['C', 'D', 'A'],
  },
  { status: 422, reason: 'Invalid', causes: ['metadata.uid', 'metadata.uid'] },
  { status: 409, reason: 'Conflict' },
  { status: 200 },
  { status: 409, reason: 'Conflict' },
  {
    status: 200,
    generation: 1,
    owners: {
      'provider-operator Apply': {
        got: [
          'spec selector',
          'spec template metadata labels app',
          'spec template spec containers k:{"name":"provider"} .',
          'spec template spec containers k:{"name":"provider"} image',
          'spec template spec containers k:{"name":"provider"} name',
          'spec template spec initContainers k:{"name":"copy"} .',
          'spec template spec initContainers k:{"name":"copy"} image',
          'spec template spec initContainers k:{"name":"copy"} name',
        ],
      },
    },
  },
  {
    status: 200,
    generation: 2,
    owners: {
      'other Apply': {
        got: [
          'spec template spec initContainers k:{"name":"copy"} .',
          'spec template spec initContainers k:{"name":"copy"} command',
          'spec template spec initContainers k:{"name":"copy"} name',
        ],
      },
    },
  },
  { status: 422, reason: 'Invalid', causes: ['spec.template.spec.initContainers[0].image'] },
  {
    status: 200,
    owners: {
      'provider-operator Apply': {
        got: [
          'metadata labels managed',
          'spec ports k:{"port":80,"protocol":"TCP"} .',
          'spec ports k:{"port":80,"protocol":"TCP"} name',
          'spec ports k:{"port":80,"protocol":"TCP"} port',
          'spec ports k:{"port":80,"protocol":"TCP"} protocol',
          'spec ports k:{"port":80,"protocol":"TCP"} targetPort',
          'spec ports k:{"port":81,"protocol":"TCP"} .',
          'spec ports k:{"port":81,"protocol":"TCP"} name',
          'spec ports k:{"port":81,"protocol":"TCP"} port',
          'spec ports k:{"port":81,"protocol":"TCP"} protocol',
          'spec ports k:{"port":81,"protocol":"TCP"} targetPort',
          'spec selector',
        ],
      },
    },
  },
  {
    status: 200,
    owners: {
      'provider-operator Apply': {
        got: [
          'spec ports k:{"port":82,"protocol":"TCP"} .',
          'spec ports k:{"port":82,"protocol":"TCP"} name',
          'spec ports k:{"port":82,"protocol":"TCP"} port',
          'spec ports k:{"port":82,"protocol":"TCP"} protocol',
          'spec ports k:{"port":82,"protocol":"TCP"} targetPort',
        ],
        lost: [
          'spec ports k:{"port":81,"protocol":"TCP"} .',
          'spec ports k:{"port":81,"protocol":"TCP"} name',
          'spec ports k:{"port":81,"protocol":"TCP"} port',
          'spec ports k:{"port":81,"protocol":"TCP"} protocol',
          'spec ports k:{"port":81,"protocol":"TCP"} targetPort',
        ],
      },
    },
  },
  {
    status: 200,
    owners: { 'provider-operator Apply': { lost: ['spec selector'] }, 'editor Update': { got: ['spec selector'] } },
  },
  { status: 409, reason: 'Conflict', causes: ['.spec.selector'] },
  {
    status: 422,
    reason: 'Invalid',
    causes: ['metadata.ownerReferences', 'metadata.ownerReferences', 'metadata.ownerReferences'],
  },
  { status: 200 },
  { status: 200 },
  { status: 409, reason: 'AlreadyExists' },
  { status: 409, reason: 'AlreadyExists' },
];

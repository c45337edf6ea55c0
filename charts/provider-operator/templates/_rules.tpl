{{/* What the operator may do: nothing but what it does. deploy/rbac.yaml is made of this, too. */}}

{{- define "provider-operator.rules.cluster" -}}
- apiGroups: [provider-operator.io]
  resources: [providers, systemsoftwares]
  verbs: [list, watch]
- apiGroups: [provider-operator.io]
  resources: [providers/status, systemsoftwares/status]
  verbs: [patch]
{{- end }}

{{- define "provider-operator.rules.namespace" -}}
- apiGroups: [provider-operator.io]
  resources: [providerinstallations]
  verbs: [list, watch]
- apiGroups: [provider-operator.io]
  resources: [providerinstallations/status]
  verbs: [patch]
- apiGroups: [apps]
  resources: [deployments]
  verbs: [get, list, watch, create, patch]
# The records of rollouts, by which to go back.
- apiGroups: [apps]
  resources: [controllerrevisions]
  verbs: [get, list, watch, create, patch, delete]
# Why a rollout does not succeed: restarts, images, nodes.
- apiGroups: [""]
  resources: [pods]
  verbs: [list, watch]
- apiGroups: [""]
  resources: [services]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [policy]
  resources: [poddisruptionbudgets]
  verbs: [get, list, watch, create, patch, delete]
# Contents are kept as hashes, so that a change of what configFrom names is rolled out.
- apiGroups: [""]
  resources: [configmaps]
  verbs: [list, watch]
{{ include "provider-operator.rules.events" . }}
{{- end }}

{{- define "provider-operator.rules.events" -}}
- apiGroups: [events.k8s.io]
  resources: [events]
  verbs: [create, patch]
{{- end }}

{{- define "provider-operator.rules.watch-secrets" -}}
- apiGroups: [""]
  resources: [secrets]
  verbs: [list, watch]
{{- end }}

{{- define "provider-operator.rules.generate-secrets" -}}
# It reads none. What it may create is said in the policy of generated-secrets.yaml.
- apiGroups: [""]
  resources: [secrets]
  verbs: [create]
{{- end }}

{{/* The rights to Secrets, each by its name, and whether the values ask for it. */}}
{{- define "provider-operator.secretRights" -}}
watch-secrets: {{ .Values.watchSecrets }}
generate-secrets: {{ .Values.generatedSecrets }}
{{- end }}

{{/* Who calls the REST API, and what that one may read. */}}
{{- define "provider-operator.rules.review-callers" -}}
- apiGroups: [authentication.k8s.io]
  resources: [tokenreviews]
  verbs: [create]
- apiGroups: [authorization.k8s.io]
  resources: [subjectaccessreviews]
  verbs: [create]
{{- end }}

{{/* What is left of rules, given as text, for one that fills the same caches and writes nothing. */}}
{{- define "provider-operator.rules.reading" -}}
{{- $reading := list -}}
{{- range fromYamlArray . -}}
{{- $verbs := list -}}
{{- range .verbs }}{{ if has . (list "list" "watch") }}{{ $verbs = append $verbs . }}{{ end }}{{ end -}}
{{- if $verbs }}{{ $reading = append $reading (dict "apiGroups" .apiGroups "resources" .resources "verbs" $verbs) }}{{ end -}}
{{- end -}}
{{- toYaml $reading -}}
{{- end }}

{{- define "provider-operator.rules.leaderElection" -}}
- apiGroups: [coordination.k8s.io]
  resources: [leases]
  verbs: [create]
- apiGroups: [coordination.k8s.io]
  resources: [leases]
  resourceNames: [provider-operator]
  verbs: [get, update]
{{- end }}

{{- define "provider-operator.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end }}

{{/* The name of everything: that of the release, where it says what it is. Roles and Services put something behind it. */}}
{{- define "provider-operator.fullname" -}}
{{- $name := include "provider-operator.name" . -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | replace "." "-" | trunc 45 | trimSuffix "-" -}}
{{- else if contains $name .Release.Name -}}
{{- .Release.Name | replace "." "-" | trunc 45 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | replace "." "-" | trunc 45 | trimSuffix "-" -}}
{{- end -}}
{{- end }}

{{/* What is made of pods: the operator, and the REST API where it has pods of its own. */}}
{{- define "provider-operator.components" -}}
- operator
{{- if (include "provider-operator.api" . | fromYaml).separate }}
- api
{{- end }}
{{- end }}

{{/* The name of what a component has. This and all that ends in "Of" takes a list: the root, and the component. */}}
{{- define "provider-operator.nameOf" -}}
{{- include "provider-operator.fullname" (first .) }}{{ if eq (last .) "api" }}-api{{ end -}}
{{- end }}

{{- define "provider-operator.selectorLabelsOf" -}}
{{- $root := first . -}}
app.kubernetes.io/name: {{ include "provider-operator.name" $root }}
app.kubernetes.io/instance: {{ $root.Release.Name }}
app.kubernetes.io/component: {{ last . }}
{{- end }}

{{- define "provider-operator.selectorLabels" -}}
{{- include "provider-operator.selectorLabelsOf" (list . "operator") -}}
{{- end }}

{{/* Of everything. Takes a list: the root, and more labels, of which none replaces one of ours. */}}
{{- define "provider-operator.labelsWith" -}}
{{- $root := first . -}}
{{- $own := dict
  "app.kubernetes.io/name" (include "provider-operator.name" $root)
  "app.kubernetes.io/instance" $root.Release.Name
  "app.kubernetes.io/version" $root.Chart.AppVersion
  "app.kubernetes.io/part-of" "provider-operator"
  "app.kubernetes.io/managed-by" $root.Release.Service
  "helm.sh/chart" (printf "%s-%s" $root.Chart.Name $root.Chart.Version | replace "+" "_")
-}}
{{- $labels := merge $own (default dict $root.Values.commonLabels) -}}
{{- range rest . }}{{ $labels = merge $labels (default dict .) }}{{ end -}}
{{- toYaml $labels -}}
{{- end }}

{{- define "provider-operator.labels" -}}
{{- include "provider-operator.labelsWith" (list .) -}}
{{- end }}

{{/* What Helm needs to know of a CRD. Kept, it and all objects of its kind outlive the chart. */}}
{{- define "provider-operator.crdMetadata" -}}
labels:
  {{- include "provider-operator.labels" . | nindent 2 }}
{{- if .Values.crds.keep }}
annotations:
  helm.sh/resource-policy: keep
{{- end }}
{{- end }}

{{- define "provider-operator.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "provider-operator.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end }}

{{- define "provider-operator.serviceAccountNameOf" -}}
{{- $root := first . -}}
{{- $operator := include "provider-operator.serviceAccountName" $root -}}
{{- if eq (last .) "operator" -}}
{{- $operator -}}
{{- else -}}
{{- $made := ternary (include "provider-operator.nameOf" .) "default" $root.Values.serviceAccount.create -}}
{{- $name := default $made $root.Values.api.serviceAccountName -}}
{{- if eq $name $operator -}}
{{- fail (printf "Set api.serviceAccountName to another than %q, with which the operator may write: the separate API only reads" $operator) -}}
{{- end -}}
{{- $name -}}
{{- end -}}
{{- end }}

{{- define "provider-operator.image" -}}
{{- with .Values.image -}}
{{- with .registry }}{{ trimSuffix "/" . }}/{{ end }}{{ .repository }}
{{- if .digest }}@{{ .digest }}{{ else }}:{{ default $.Chart.AppVersion .tag }}{{ end }}
{{- end -}}
{{- end }}

{{/* The one that a role is bound to. */}}
{{- define "provider-operator.subjectOf" -}}
- kind: ServiceAccount
  name: {{ include "provider-operator.serviceAccountNameOf" . }}
  namespace: {{ (first .).Release.Namespace }}
{{- end }}

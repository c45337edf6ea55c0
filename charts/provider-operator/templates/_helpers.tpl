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

{{- define "provider-operator.selectorLabels" -}}
app.kubernetes.io/name: {{ include "provider-operator.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: operator
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

{{- define "provider-operator.image" -}}
{{- with .Values.image -}}
{{- with .registry }}{{ trimSuffix "/" . }}/{{ end }}{{ .repository }}
{{- if .digest }}@{{ .digest }}{{ else }}:{{ default $.Chart.AppVersion .tag }}{{ end }}
{{- end -}}
{{- end }}

{{/* The one that a role is bound to. */}}
{{- define "provider-operator.subject" -}}
- kind: ServiceAccount
  name: {{ include "provider-operator.serviceAccountName" . }}
  namespace: {{ .Release.Namespace }}
{{- end }}

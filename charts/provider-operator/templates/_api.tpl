{{/*
What there is of the REST API: which component serves it, where its certificate is, whether it can be reached from outside of
its pod, and how. Read by all templates, so that none of them can say what another does not. A part that is null, as parent
charts make it, is one of which nothing is set.
*/}}
{{- define "provider-operator.api" -}}
{{- $values := default dict .Values.api -}}
{{- $tls := default dict $values.tls -}}
{{- $certManager := default dict $tls.certManager -}}
{{- $enabled := default false $values.enabled -}}
{{- $separate := and $enabled (default false $values.separate) -}}
{{- $certificate := and $enabled (default false $certManager.enabled) -}}
{{- $secret := "" -}}
{{- if $enabled -}}
{{- $secret = default (ternary (printf "%s-api-tls" (include "provider-operator.fullname" .)) "" $certificate) $tls.secretName -}}
{{- end -}}
{{- $plain := and $enabled (default false $values.plainHttp) -}}
{{- $encrypted := ne $secret "" -}}
{{- toYaml (dict
  "enabled" $enabled
  "separate" $separate
  "servedBy" (ternary (ternary "api" "operator" $separate) "" $enabled)
  "certificate" $certificate
  "secretName" $secret
  "plainHttp" $plain
  "reachable" (or $encrypted $plain)
  "scheme" (ternary "https" "http" $encrypted)
  "port" (int (default (ternary 443 80 $encrypted) (default dict $values.service).port))
) -}}
{{- end }}

{{/* Where the certificate is mounted: the whole folder, for what is mounted by subPath is never renewed. */}}
{{- define "provider-operator.apiTlsFolder" -}}
/etc/provider-operator-api-tls
{{- end }}

{{/* What a container is told of the API. One that does not serve it listens on a port that nobody knows, for itself alone. */}}
{{- define "provider-operator.apiEnvOf" -}}
{{- $root := first . -}}
{{- $api := include "provider-operator.api" $root | fromYaml -}}
{{- $serves := eq (last .) $api.servedBy -}}
{{- $values := ternary $root.Values.api dict $serves -}}
{{- range $values.corsOrigins -}}
{{- if or (and (hasPrefix "https:" .) (hasSuffix ":443" .)) (and (hasPrefix "http:" .) (hasSuffix ":80" .)) -}}
{{- fail (printf "Write %q of api.corsOrigins without its port, as browsers do: it is the one of its scheme" .) -}}
{{- end -}}
{{- end -}}
- name: API_PORT
  value: {{ ternary "8080" "0" $serves | quote }}
- name: API_ONLY
  value: {{ eq (last .) "api" | quote }}
- name: API_TLS_FOLDER
  value: {{ ternary (include "provider-operator.apiTlsFolder" $root) "" (and $serves (ne $api.secretName "")) | quote }}
- name: API_PLAIN_HTTP
  value: {{ and $serves $api.plainHttp | quote }}
- name: API_CORS_ORIGINS
  value: {{ join "," (default list $values.corsOrigins) | quote }}
- name: API_RATE_LIMIT
  {{- /* Helm reads each number as a float, and would print a million as 1e+06. What is empty is the operator's default. */}}
  value: "{{ with $values.rateLimit }}{{ int64 . }}{{ end }}"
- name: API_OPEN_CATALOGUE
  value: "{{ if kindIs "bool" $values.openCatalogue }}{{ $values.openCatalogue }}{{ end }}"
{{- end }}

{{/* Fails where there is no Service to lead to. Takes a list: the root, and the value that asks for one. */}}
{{- define "provider-operator.needsApiService" -}}
{{- $api := include "provider-operator.api" (first .) | fromYaml -}}
{{- if not $api.enabled -}}
{{- fail (printf "Set api.enabled: %s leads to the REST API, which is off" (last .)) -}}
{{- else if not $api.reachable -}}
{{- fail (printf "Set api.tls.secretName, api.tls.certManager.enabled or api.plainHttp: without one of them the REST API listens on 127.0.0.1 only, and there is no Service for %s" (last .)) -}}
{{- end -}}
{{- end }}

-- The health of a ProviderInstallation, a Provider or a SystemSoftware. All three say it the same way:
-- Ready is the summary, Reconciling means at work, Stalled means that a person must act.

if obj.metadata.deletionTimestamp ~= nil then
  return { status = "Progressing", message = "Being deleted" }
end

-- What was said of an earlier spec says nothing of this one.
if obj.status == nil or obj.status.observedGeneration ~= obj.metadata.generation then
  return { status = "Progressing", message = "The operator has not looked at this generation yet" }
end

local ready
local conditions = {}
for _, condition in ipairs(obj.status.conditions or {}) do
  conditions[condition.type] = condition.status
  if condition.type == "Ready" then
    ready = condition
  end
end

if ready == nil then
  return { status = "Progressing", message = "The operator has not said yet whether it is ready" }
end

local health = "Progressing"
if conditions.Reconciling == "True" then
  health = "Progressing"
elseif conditions.Stalled == "True" then
  health = "Degraded"
elseif ready.status == "True" then
  health = "Healthy"
elseif ready.reason == "Suspended" then
  -- What runs goes on; a change waits until suspend is false.
  health = "Suspended"
end
return { status = health, message = ready.message }

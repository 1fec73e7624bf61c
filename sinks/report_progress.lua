-- Notes how far a generation has come, and lets readers read it once it is as far as the one that they read now.
-- KEYS: the generation hash, the progress of this generation.
-- ARGV: the generation, what the keys of progress begin with, then field (<shard>/<shards>.<topic>.<partition>) and
-- event time (ms since the epoch), in turn.
-- Gives 1 when this generation is read from now on, was already, or a later one is.

local generation = tonumber(ARGV[1])
for i = 3, #ARGV, 2 do
  local reached = tonumber(redis.call('HGET', KEYS[2], ARGV[i]))
  if not reached or tonumber(ARGV[i + 1]) > reached then
    redis.call('HSET', KEYS[2], ARGV[i], ARGV[i + 1])
  end
end

-- by partition: how many shards there are, and which of them get records, may have changed
local function by_partition(key)
  local furthest = {}
  local all = redis.call('HGETALL', key)
  for i = 1, #all, 2 do
    local partition = string.match(all[i], '%.(.+)')
    furthest[partition] = math.max(furthest[partition] or tonumber(all[i + 1]), tonumber(all[i + 1]))
  end
  return furthest
end

local current = tonumber(redis.call('HGET', KEYS[1], 'current'))
if current and current >= generation then
  return 1
end
if current then
  local reached = by_partition(KEYS[2])
  for partition, wanted in pairs(by_partition(ARGV[2] .. string.format('%.0f', current))) do
    if not reached[partition] or reached[partition] < wanted then
      return 0
    end
  end
end
redis.call('HSET', KEYS[1], 'current', ARGV[1])
for old = current or generation, generation - 1 do
  redis.call('UNLINK', ARGV[2] .. string.format('%.0f', old))
end
return 1

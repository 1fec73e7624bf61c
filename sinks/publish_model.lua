-- Replaces the live model of a shard by one of a greater version, and announces it.
-- KEYS: the live hash. ARGV: epoch, count, artifact, channel, announcement.
-- Gives 1 when this version is live from now on (or was already), 0 when a greater one is.

local epoch, count = tonumber(ARGV[1]), tonumber(ARGV[2])
local live = redis.call('HMGET', KEYS[1], 'epoch', 'count')
if live[1] then
  local live_epoch, live_count = tonumber(live[1]), tonumber(live[2])
  if epoch == live_epoch and count == live_count then
    return 1
  end
  if epoch < live_epoch or (epoch == live_epoch and count < live_count) then
    return 0
  end
end
local now = redis.call('TIME')
local now_ms = tonumber(now[1]) * 1000 + math.floor(tonumber(now[2]) / 1000)
redis.call('HSET', KEYS[1], 'epoch', ARGV[1], 'count', ARGV[2], 'artifact', ARGV[3],
  'published_at_ms', string.format('%.0f', now_ms))
redis.call('PUBLISH', ARGV[4], ARGV[5])
return 1

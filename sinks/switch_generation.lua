-- Makes a generation the one that is read, only ever forward. KEYS: the generation hash. ARGV: the generation.
-- Gives 1 when this generation is read from now on (or was already), 0 when a later one is.

local current = tonumber(redis.call('HGET', KEYS[1], 'current') or 0)
local wanted = tonumber(ARGV[1])
if wanted < current then
  return 0
end
redis.call('HSET', KEYS[1], 'current', ARGV[1])
return 1

-- Takes a generation above all others. KEYS: the generation hash.

local newest = tonumber(redis.call('HGET', KEYS[1], 'newest') or 0)
local current = tonumber(redis.call('HGET', KEYS[1], 'current') or 0)
local taken = math.max(newest, current) + 1
redis.call('HSET', KEYS[1], 'newest', string.format('%.0f', taken))
return taken

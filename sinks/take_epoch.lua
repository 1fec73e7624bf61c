-- Takes an epoch above the last one taken and above what the caller knows. KEYS: the counter. ARGV: at least.

local last = tonumber(redis.call('GET', KEYS[1]) or 0)
local taken = math.max(last, tonumber(ARGV[1])) + 1
redis.call('SET', KEYS[1], string.format('%.0f', taken))
return taken

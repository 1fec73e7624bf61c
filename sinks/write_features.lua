-- Keeps the newer of two rows, field by field. Gives the number of rows that were stored.
-- KEYS: one hash per row. ARGV: time to live in ms, then feature set and packed row for each key.
-- Versions are compared as numbers of 8 digits: "<" on strings follows the server's locale.

local VERSION_DIGITS = 48

local function newer(row, held)
  for at = 1, VERSION_DIGITS, 8 do
    local left = tonumber(string.sub(row, at, at + 7), 16)
    local right = tonumber(string.sub(held, at, at + 7), 16)
    if left ~= right then
      return left > right
    end
  end
  return false
end

local stored = 0
local ttl_ms = tonumber(ARGV[1])
for i = 1, #KEYS do
  local feature_set, row = ARGV[2 * i], ARGV[2 * i + 1]
  local held = redis.call('HGET', KEYS[i], feature_set)
  if not held or newer(row, held) then
    redis.call('HSET', KEYS[i], feature_set, row)
    if redis.call('PTTL', KEYS[i]) < ttl_ms then
      redis.call('PEXPIRE', KEYS[i], ttl_ms)
    end
    stored = stored + 1
  end
end
return stored

-- Put a checkpoint that has been written piece by piece into force, all at once.
--
-- KEYS  index (hash: record -> the key of its blob), staged (the same, of what this checkpoint changes; "" removes)
-- ARGV  epoch, seq, "whole" when nothing of the former one stays, prefix of the blobs' keys
-- returns the keys of the blobs that nothing refers to any more; -1: a later checkpoint of this epoch is in force
--
-- The index keeps its own position in the field "" (no record is called that).

local index, staged = KEYS[1], KEYS[2]
local epoch, seq, whole = ARGV[1], tonumber(ARGV[2]), ARGV[3] == 'whole'
local before = redis.call('HGET', index, '')
if before then
  local old_epoch, old_seq = string.match(before, '^(%x+)%.(%d+)$')
  if old_epoch == epoch and tonumber(old_seq) > seq then return -1 end
end
local gone, changed = {}, redis.call('HGETALL', staged)
if whole then
  local all = redis.call('HGETALL', index)
  for i = 1, #all, 2 do if all[i] ~= '' then gone[#gone + 1] = all[i + 1] end end
  redis.call('DEL', index)
end
for i = 1, #changed, 2 do
  local record, blob = changed[i], changed[i + 1]
  local old = redis.call('HGET', index, record)
  if old then gone[#gone + 1] = old end
  if blob == '' then
    redis.call('HDEL', index, record)
  else
    redis.call('HSET', index, record, blob)
    redis.call('PERSIST', ARGV[4] .. blob)
  end
end
redis.call('HSET', index, '', ARGV[1] .. '.' .. ARGV[2])
redis.call('DEL', staged)
return gone

-- Put a checkpoint that was written piece by piece into force, in one atomic step.
--
-- KEYS  index (hash: record -> name of its blob), staged (the same for the records that this checkpoint changes; "" removes)
-- ARGV  epoch, seq, "whole" when no record of the former checkpoint stays, prefix of the blobs' keys, position of the
--       checkpoint that this one is based on ("" none, "any" whichever), ms that replaced blobs live on for their readers
-- returns 1; 0: another checkpoint was stored in the meantime, or a later one of this epoch is in force
--
-- The index keeps its own position in the field "", which is no record's name.

local index, staged = KEYS[1], KEYS[2]
local epoch, seq, whole, prefix = ARGV[1], tonumber(ARGV[2]), ARGV[3] == 'whole', ARGV[4]
local before = redis.call('HGET', index, '') or ''
if ARGV[5] ~= 'any' and before ~= ARGV[5] then return 0 end
local old_epoch, old_seq = string.match(before, '^(%x+)%.(%d+)$')
if old_epoch == epoch and tonumber(old_seq) > seq then return 0 end

local function let_go(blob)
  if blob and blob ~= '' then redis.call('PEXPIRE', prefix .. blob, ARGV[6]) end
end

local changed = redis.call('HGETALL', staged)
if whole then
  local all = redis.call('HGETALL', index)
  for i = 1, #all, 2 do if all[i] ~= '' then let_go(all[i + 1]) end end
  redis.call('DEL', index)
end
for i = 1, #changed, 2 do
  local record, blob = changed[i], changed[i + 1]
  let_go(redis.call('HGET', index, record))
  if blob == '' then
    redis.call('HDEL', index, record)
  else
    redis.call('HSET', index, record, blob)
    redis.call('PERSIST', prefix .. blob)
  end
end
redis.call('HSET', index, '', ARGV[1] .. '.' .. ARGV[2])
redis.call('DEL', staged)
return 1

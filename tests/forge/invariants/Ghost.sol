// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Case, CaseKind, Outcome} from "../../../contracts/interfaces/IKillSwitch.sol";
import {Oversight, State, Status} from "../../../contracts/interfaces/IModelStatus.sol";
import {World} from "../support/World.sol";
import {vm} from "../support/Vm.sol";

/// @notice What the design claims, one invariant each.
enum Claim {
    BoundedOutage,
    SuspensionEnds,
    TripAlone,
    OneEffect,
    OneVote,
    PausedHolds,
    NothingClears,
    NoKey,
    OneHolder,
    NoLatePower,
    OneReport,
    PolicyFirst
}

/// @notice Rows of the design's table of states.
enum Row {
    Activated,
    Tripped,
    GuardianSuspended,
    PausedFromActive,
    PausedFromSuspended,
    BoundReached,
    Rejected,
    Resumed,
    Retired,
    Halted,
    Stale,
    Disputed
}

/**
 * @title Ghost
 * @notice Watches every act from outside: what changed, whether it was allowed to, and how long models were away.
 * @dev Time out of service is measured on `isOperational` alone, second by second, and never taken from the budget
 * that it checks. A claim that is broken keeps the first account of how.
 */
abstract contract Ghost is World {
    struct Tally {
        uint64 calls;
        uint64 successes;
    }

    uint256 internal constant MILLION = 1e6;

    /// @dev Models in play; a retired one makes room for another.
    uint256[] internal models;
    /// @dev A model that governance never gave a policy.
    uint256 internal lawless;

    string[] private _acts;
    mapping(string act => Tally) private _tallies;
    mapping(Claim => string) private _broken;
    mapping(Row => uint256) public reached;

    /// @dev Seconds suspended without a vote, less what may come back: millionths of a second.
    mapping(uint256 model => uint256) public away;
    /// @dev Seconds of service lost to the guardian's halt since governance last armed it.
    mapping(uint256 model => uint256) public haltedFor;
    uint256 internal haltAllowance = HALT_BUDGET;
    /// @dev True while the halt in force is the guardian's alone.
    bool internal haltIsGuardians;
    /// @dev Governors that held PAUSE before.
    address[] internal formerGovernors;

    /// @dev Where each model stood when this last looked.
    mapping(uint256 model => Status) internal _seen;
    mapping(uint256 caseId => uint256) private _voteOf;
    mapping(uint256 caseId => address) private _governorOf;
    mapping(uint256 caseId => Outcome) private _outcomeOf;
    uint256 private _watchedFrom = 1;

    string private _act;
    /// @dev Set by an act: whether it succeeded, and which case it was about.
    bool internal done;
    uint256 internal about;
    uint256 private _dice;
    uint256 private _throws;

    modifier acts(string memory name, uint256 seed) {
        (_act, done, about) = (name, false, 0);
        _dice = uint256(keccak256(abi.encode(seed, ++_throws)));
        _elapse(_roll(40));
        _;
        _compare();
        if (_tallies[name].calls++ == 0) _acts.push(name);
        if (done) ++_tallies[name].successes;
    }

    // ── What the invariants read ────────────────────────────────────────────────────────────────────────────

    function broken(Claim claim) external view returns (string memory) {
        return _broken[claim];
    }

    function actCount() external view returns (uint256) {
        return _acts.length;
    }

    function actAt(uint256 i) external view returns (string memory name, uint256 calls, uint256 successes) {
        return (_acts[i], _tallies[_acts[i]].calls, _tallies[_acts[i]].successes);
    }

    function modelAt(uint256 i) external view returns (uint256) {
        return models[i];
    }

    // ── Dice and calls ──────────────────────────────────────────────────────────────────────────────────────

    function _roll(uint256 sides) internal returns (uint256) {
        _dice = uint256(keccak256(abi.encode(_dice)));
        return _dice % sides;
    }

    function _chance(uint256 percent) internal returns (bool) {
        return _roll(100) < percent;
    }

    function _try(address from, address to, bytes memory data) internal returns (bool ok, bytes memory answer) {
        vm.prank(from);
        (ok, answer) = to.call(data);
    }

    /// @dev A model in a state, if there is one, else any.
    function _modelIn(State wanted) internal returns (uint256) {
        uint256 first = _roll(models.length);
        for (uint256 i = 0; i < models.length; ++i) {
            uint256 model = models[(first + i) % models.length];
            if (killSwitch.statusOf(model).state == wanted) return model;
        }
        return models[first];
    }

    function _claim(bool holds, Claim claim, string memory how) internal {
        if (!holds && bytes(_broken[claim]).length == 0) {
            _broken[claim] = string.concat(how, ", at ", vm.toString(block.timestamp), " in act ", _act);
        }
    }

    function _isAct(string memory name) internal view returns (bool) {
        return keccak256(bytes(name)) == keccak256(bytes(_act));
    }

    // ── Time ────────────────────────────────────────────────────────────────────────────────────────────────

    /// @dev Lets time pass and counts, for each model, how much of it was out of service without a vote.
    function _elapse(uint256 span) internal {
        if (span == 0) return;
        (uint256 begin, uint256 end) = (block.timestamp, block.timestamp + span);
        uint256 haltEnd = killSwitch.haltedUntil();
        for (uint256 i = 0; i < models.length; ++i) {
            Status memory first = _seen[models[i]];
            uint256 freed = first.state == State.Suspended ? _least(first.until, end) : begin;
            uint256 back = first.halted ? _least(haltEnd, end) : begin;
            if (back < freed) back = freed;
            if (first.state == State.Active || first.state == State.Suspended) _servedFrom(models[i], back, begin, end);
            vm.warp(end);
            _account(models[i], freed - begin, back - freed, span);
            _seen[models[i]] = killSwitch.statusOf(models[i]);
            _passed(models[i], first, _seen[models[i]]);
        }
        vm.warp(end);
    }

    /// @dev The model is in service from `back` on and not a second before: time alone takes none out again.
    function _servedFrom(uint256 model, uint256 back, uint256 begin, uint256 end) private {
        vm.warp(back);
        _claim(killSwitch.isOperational(model) || back == end, Claim.BoundedOutage, "not back in time");
        if (back == begin) return;
        vm.warp(back - 1);
        _claim(!killSwitch.isOperational(model), Claim.SuspensionEnds, "back before its time");
    }

    function _least(uint256 a, uint256 b) private pure returns (uint256) {
        return a < b ? a : b;
    }

    function _account(uint256 model, uint256 suspended, uint256 halted, uint256 span) private {
        uint256 level = away[model] + suspended * (MILLION - REFILL);
        uint256 back = (span - suspended) * REFILL;
        away[model] = level > back ? level - back : 0;
        _claim(
            away[model] <= uint256(BUDGET) * MILLION,
            Claim.BoundedOutage,
            string.concat("suspended too long: ", vm.toString(away[model]))
        );
        if (!haltIsGuardians) return;
        haltedFor[model] += halted;
        _claim(
            haltedFor[model] <= haltAllowance,
            Claim.BoundedOutage,
            string.concat("halted too long: ", vm.toString(haltedFor[model]))
        );
    }

    function _passed(uint256 model, Status memory first, Status memory last) private {
        if (first.state == last.state) return;
        if (first.state == State.Inactive && last.state == State.Active) {
            ++reached[Row.Activated];
        } else if (first.state == State.Suspended && last.state == State.Active) {
            ++reached[Row.BoundReached];
            _claim(block.timestamp >= first.until, Claim.SuspensionEnds, "ended before its bound");
        } else {
            _claim(false, Claim.PausedHolds, string.concat("time alone changed model ", vm.toString(model)));
        }
    }

    // ── What an act changed ─────────────────────────────────────────────────────────────────────────────────

    function _compare() internal {
        for (uint256 i = 0; i < models.length; ++i) {
            Status memory was = _seen[models[i]];
            Status memory is_ = killSwitch.statusOf(models[i]);
            _seen[models[i]] = is_;
            _transition(was, is_);
            if (is_.oversight == Oversight.Stale) ++reached[Row.Stale];
            if (is_.oversight == Oversight.Disputed) ++reached[Row.Disputed];
            if (is_.state != State.Suspended) continue;
            bool same = was.until == is_.until && was.caseId == is_.caseId;
            bool capped = is_.until > block.timestamp && is_.until <= block.timestamp + HARD_CAP;
            _claim(was.state == State.Suspended ? same : capped, Claim.SuspensionEnds, "bound moved, or beyond the cap");
        }
        _oneHolder();
        _claim(!killSwitch.isOperational(lawless), Claim.PolicyFirst, "operational without a policy");
        _watchCases();
    }

    function _transition(Status memory was, Status memory is_) private {
        (State from, State to) = (was.state, is_.state);
        if (from == to) {
            _claim(was.epoch == is_.epoch, Claim.OneEffect, "epoch moved without a change of state");
            return;
        }
        if (from == State.Inactive && to == State.Active) {
            ++reached[Row.Activated];
            _claim(_isAct("activate"), Claim.NothingClears, "taken into service by another act");
        } else if (to == State.Retired) {
            ++reached[Row.Retired];
            _claim(_isAct("retire"), Claim.NoKey, "retired by another");
        } else if (from == State.Active && to == State.Suspended) {
            _suspended(is_);
        } else if ((from == State.Active || from == State.Suspended) && to == State.Paused) {
            ++reached[from == State.Active ? Row.PausedFromActive : Row.PausedFromSuspended];
            _claim(_isAct("execute") && about == is_.caseId, Claim.NoKey, "paused without its vote");
        } else if (from == State.Suspended && to == State.Active) {
            ++reached[Row.Rejected];
            _claim(
                _isAct("poke") && about == was.caseId && killSwitch.caseOf(about).outcome == Outcome.Rejected,
                Claim.SuspensionEnds,
                "ended by something else than its own vote"
            );
        } else if (from == State.Paused && to == State.Active) {
            ++reached[Row.Resumed];
            Case memory case_ = killSwitch.caseOf(about);
            _claim(
                _isAct("execute") && case_.kind == CaseKind.HolderResume && case_.version == is_.version,
                Claim.PausedHolds,
                "left without a resume of the version in force"
            );
        } else {
            Claim claim = from == State.Suspended ? Claim.SuspensionEnds : Claim.PausedHolds;
            _claim(false, claim, "a change that the table does not know");
        }
        bool voted = to == State.Paused || to == State.Retired || from == State.Paused;
        _claim(is_.epoch == was.epoch + (voted ? 1 : 0), Claim.OneEffect, "epoch does not count voted changes");
    }

    function _suspended(Status memory is_) private {
        Case memory case_ = killSwitch.caseOf(is_.caseId);
        bool guarded = case_.kind == CaseKind.Guardian;
        ++reached[guarded ? Row.GuardianSuspended : Row.Tripped];
        bool called = guarded
            ? _isAct("guard")
            : case_.kind == CaseKind.Stale ? _isAct("pokeStale") : _isAct("report") || _isAct("cartel");
        _claim(called, Claim.NoKey, "suspended by another");
        _claim(case_.vote == 0, Claim.SuspensionEnds, "suspended without a vote ahead");
    }

    function _oneHolder() private {
        (bool holds,) = access.hasRole(PAUSE, address(governor));
        for (uint256 i = 0; i < formerGovernors.length; ++i) {
            (bool also,) = access.hasRole(PAUSE, formerGovernors[i]);
            holds = holds && !also;
        }
        address[5] memory others = [STRANGER, STEWARD, GUARD, address(hub), admin];
        (bool other,) = access.hasRole(PAUSE, others[_roll(5)]);
        _claim(holds && !other, Claim.OneHolder, "PAUSE is held by another, or by two");
    }

    /// @dev A case's vote is set once, and its outcome is final.
    function _watchCases() private {
        uint256 count = killSwitch.caseCount();
        bool young;
        for (uint256 id = _watchedFrom; id <= count; ++id) {
            Case memory case_ = killSwitch.caseOf(id);
            _claim(
                _voteOf[id] == 0 || _voteOf[id] == case_.vote || _governorOf[id] != address(governor),
                Claim.OneVote,
                "a case got a second vote"
            );
            _governorOf[id] = case_.governor;
            _claim(
                _outcomeOf[id] == Outcome.Open || _outcomeOf[id] == case_.outcome, Claim.OneEffect, "outcome changed"
            );
            (_voteOf[id], _outcomeOf[id]) = (case_.vote, case_.outcome);
            if (!young && (case_.outcome != Outcome.Open || case_.openedAt + 20_000 < block.timestamp)) {
                _watchedFrom = id + 1;
            } else {
                young = true;
            }
        }
    }
}
